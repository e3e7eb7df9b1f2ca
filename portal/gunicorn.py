"""How gunicorn runs the portal: threads for slow readers, and no access log, for addresses carry what people search."""

import os
import sys
import threading
from typing import Any

worker_class = "gthread"
timeout = 60
# A request under way at the end gets this long; a browser that only keeps a connection open would use up more.
graceful_timeout = 3
keepalive = 5
accesslog = None
errorlog = "-"
forwarded_allow_ips = "127.0.0.1,::1"
control_socket_disable = True


def post_worker_init(_worker: Any) -> None:
    """Articles go out on their day from here: no other process may write them, and one of these does it alone."""
    from kb.schedule import keep_publishing  # after the fork, and after Django: this file is read before both

    threading.Thread(target=keep_publishing, args=(threading.Event(),), daemon=True).start()


def worker_exit(_server: Any, worker: Any) -> None:
    """End a worker that has served at once: taking its heap apart costs a second of a processor and frees nothing."""
    if worker.booted:
        sys.stderr.flush()
        os._exit(0)
