"""A photo library in, records, sidecars and metadata out; nothing lost, nothing twice.

    find ──► load (threads) ──► caption ──► journal ──► destinations ──► journal ──► outputs

`run_job` is the whole of it. Every record is in the journal before anything is written beside a
photo, so a run that is killed at any instant finishes what it had begun when it is started again.
"""
