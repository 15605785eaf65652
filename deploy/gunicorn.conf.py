"""For production: gunicorn --config deploy/gunicorn.conf.py flasky:app"""

from app.web.serving import LONGEST_LINE, Worker

workers = 2
threads = 4
bind = "127.0.0.1:8000"
worker_class = Worker
limit_request_line = LONGEST_LINE
control_socket_disable = True
forwarder_headers = ""
