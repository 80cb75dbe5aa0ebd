"""Jobs: rows that say what is to do, done, failed and why; the queue engines only wake workers.

`model` the table, `queue` the writes (enqueue, claim, heartbeat, finish, cancel, sweep), `engine` one turn of work in
any mode, `doorbell` and `celery_engine` the wakers of one machine and of many. States: queued, running, succeeded,
failed, cancelled.
"""
