"""A real browser looks at a site; what it saw is compared with what was declared."""
