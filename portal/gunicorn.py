"""How gunicorn runs the portal: threads for slow readers, and no access log, for addresses carry what people search."""

worker_class = "gthread"
timeout = 60
# A request under way at the end gets this long; a browser that only keeps a connection open would use up more.
graceful_timeout = 3
keepalive = 5
accesslog = None
errorlog = "-"
forwarded_allow_ips = "127.0.0.1,::1"
control_socket_disable = True
