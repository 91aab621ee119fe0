"""Parser processes: each reads one mail at a time, within a wall and a memory limit, and knows no database.

A parser is a fresh interpreter (`python -m bccd.cage`), not a fork of the filer: it inherits neither
connections nor the environment with its secrets, and is spared the import of the command line, which
multiprocessing's forkserver would repeat in each. Octets and answers travel in anonymous files ("sheets"),
so that no side ever waits for the other to read; the socket between them carries tokens of at most 8 octets.
What a parser answers is decoded as a Message and never unpickled.

A parser is handed several mails ahead, that it may go on while the filer files. Still each is a job of its
own: it has its own clock, its failure is its own, and those behind it are given to another parser. When all
parsers are slow at once, more are started for a while, and mail that hung before is read by one of them only
while another stays free: so mail that hangs keeps its neighbours waiting no longer than a start takes.
"""
