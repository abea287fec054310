"""Tables as people keep them: a file for each form, in and out."""
