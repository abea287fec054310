"""The grammar of the language (expression.lark), and the parsing tables that Lark makes of it (tables.py)."""
