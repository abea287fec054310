"""Python as people write it, interpreted over values of its own: nothing of the user's is executed or imported.

Python's own parser makes the tree (source), which is walked here (interpret), from the pair of functions that is asked
about and its inputs (entry). A value is one of Python's own kinds, a NumPy array or number, or a thing of ours that
stands for a function, a class, an object, a library (values). What is a view and what a copy is NumPy's own answer.
Only what a table lists can be called (spellings), every value is bounded in size before it is made, and steps, depth
and time are bounded too.
"""
