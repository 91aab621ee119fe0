"""What mail clients write, as data: a module for each source; clients and languages are added as rows.

thunderbird, k9, roundcube, zimbra and outlook are made by `python -m tests.corpus.label_tables` from a
collection of the clients' translations; clients and more are kept by hand.
"""
