"""
The pages of the declaration as Flask blueprints, with their templates and style sheets.

They may import the rest of ``declaration`` and everything below it.
"""
