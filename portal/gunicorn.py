"""How gunicorn runs the portal: preloaded, threads for slow readers, no access log (addresses carry what people search)."""

worker_class = "gthread"
timeout = 60
graceful_timeout = 10
keepalive = 5
accesslog = None
errorlog = "-"
forwarded_allow_ips = "127.0.0.1,::1"
control_socket_disable = True
