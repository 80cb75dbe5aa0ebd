"""Jobs: rows that say what is to do, done, failed and why; the queue engines only wake workers.

`model` the table, `queue` the writes (enqueue, claim, heartbeat, finish, cancel, sweep), `engine` one turn of work in
any mode, `celery_engine` the scale-out waker. States: queued, running, succeeded, failed, cancelled.
"""
