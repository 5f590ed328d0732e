"""Binary content over HTTP: ranges, safe headers, multipart bodies, and bodies that are read in parts."""
