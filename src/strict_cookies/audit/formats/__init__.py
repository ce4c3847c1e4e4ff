"""The report of an audit in open formats, one file each; all are views of the same plain data."""
