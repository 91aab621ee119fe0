"""What it costs to find out who sent a mail: python -m benchmarks.verify --help"""
