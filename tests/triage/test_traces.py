"""Stack traces of seven languages, bare, behind headers and in records: one finding, its head, its first cause."""

import json

import pytest

from triage.logs import FindingKind, LogReading, read_log

GO = """2024/03/01 10:00:00 starting
panic: runtime error: invalid memory address or nil pointer dereference
	panic: cannot close order
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b0f6]

goroutine 1 [running]:
main.(*Order).Close(0x0)
	/srv/app/order.go:41 +0x26
main.main()
	/srv/app/main.go:12 +0x1d
exit status 2
"""
GO_DEADLOCK = """fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
	/srv/app/main.go:9 +0x36
"""
RUBY = """I, [2024-03-01T10:00:00.123456 #77]  INFO -- : started
app/models/order.rb:41:in `open': cannot open order 17 (OrderError)
	from app/models/order.rb:12:in `block in run'
	from bin/run:3:in `<main>'
app/db.rb:9:in `connect': connection refused (Errno::ECONNREFUSED)
	from app/models/order.rb:39:in `open'
"""
RAILS = """F, [2024-03-01T10:00:00.123456 #77] FATAL -- : [9f2c]
F, [2024-03-01T10:00:00.123457 #77] FATAL -- : [9] ActiveRecord::ConnectionNotEstablishedError (none):
app/models/order.rb:41:in 'Order#open'
app/controllers/orders_controller.rb:12:in 'OrdersController#show'
"""
PHP = """[01-Mar-2024 10:00:00 UTC] PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] refused in /a/Db.php:12
Stack trace:
#0 /a/Db.php(12): PDO->__construct()
#1 /a/Order.php(41): Db->connect()
#2 {main}

Next OrderException: cannot open order in /a/Order.php:43
Stack trace:
#0 /a/index.php(3): Order->open()
#1 {main}
  thrown in /a/Order.php on line 43
"""
LARAVEL = """[2024-03-01 10:00:00] production.ERROR: cannot open {"exception":"[object] (OrderException(code: 0): no
[stacktrace]
#0 /a/index.php(3): Order->open()
#1 {main}

[previous exception] [object] (PDOException(code: 2002): refused at /a/Db.php:12)
[stacktrace]
#0 /a/Db.php(12): PDO->__construct()
#1 {main}
"}
"""
FIREFOX = """Uncaught TypeError: order.items is undefined
render@https://shop.example/app.js:10:15
mount/<@https://shop.example/app.js:99:3
@https://shop.example/app.js:120:1
"""
NODE = """2024-03-01T10:00:00Z error: request failed
Error: cannot open order
    at Order.open (/srv/app/order.js:41:11)
    at async main (/srv/app/index.js:10:3) {
  [cause]: Error: connect ECONNREFUSED 10.0.0.5:5432
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {
    errno: -111,
"""
DOTNET = """fail: Shop.Basket[0]
      System.InvalidOperationException: The basket is closed.
       ---> System.IO.IOException: The disk is full.
         at Shop.Store.Write(String name) in C:\\src\\Store.cs:line 12
         --- End of inner exception stack trace ---
         at Shop.Basket.Close(Guid id) in C:\\src\\Basket.cs:line 88
"""
JAVA = """Exception in thread "main" java.lang.IllegalStateException: cannot open order
	at com.example.Order.open(Order.java:41)
	at com.example.App.main(App.java:12)
Caused by: com.example.DbException: no connection
	at com.example.Db.get(Db.java:7)
	... 1 more
Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.connect(Net.java:579)
	... 3 more
"""
PYTHON = """Traceback (most recent call last):
  File "/srv/app/db.py", line 4, in connect
    raise ConnectionRefusedError(111, "Connection refused")
ConnectionRefusedError: [Errno 111] Connection refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/app/main.py", line 33, in main
    run()
app.errors.JobFailed: job 17 could not reach the database
"""

TRACES = [
    ("go", GO, 2, "panic: cannot close order", "panic: runtime error"),
    ("deadlock", GO_DEADLOCK, 1, "fatal error: all goroutines are asleep", ""),
    ("ruby", RUBY, 2, "OrderError: cannot open order 17", "Errno::ECONNREFUSED: connection refused"),
    ("rails", RAILS, 2, "ActiveRecord::ConnectionNotEstablishedError (none)", ""),
    ("php", PHP, 1, "OrderException: cannot open order", "Uncaught PDOException"),
    ("laravel", LARAVEL, 1, "cannot open", "PDOException(code: 2002): refused"),
    ("firefox", FIREFOX, 1, "TypeError: order.items is undefined", ""),
    ("node", NODE, 2, "Error: cannot open order", "Error: connect ECONNREFUSED"),
    ("dotnet", DOTNET, 2, "System.InvalidOperationException: The basket", "System.IO.IOException: The disk is full"),
    ("java", JAVA, 1, "java.lang.IllegalStateException: cannot open", "java.net.ConnectException: Connection refused"),
    ("python", PYTHON, 1, "app.errors.JobFailed: job 17", "ConnectionRefusedError: [Errno 111]"),
]


def _traces(reading: LogReading) -> list[tuple[int, str, str]]:
    return [(f.line_no, f.head, f.cause) for f in reading.findings if f.kind is FindingKind.STACK_TRACE]


@pytest.mark.parametrize(
    ("log", "line_no", "head", "cause"), [row[1:] for row in TRACES], ids=[row[0] for row in TRACES]
)
def test_a_trace_is_one_finding_with_its_head_and_its_first_cause(
    log: str, line_no: int, head: str, cause: str
) -> None:
    found = _traces(read_log(log.encode()))
    assert len(found) == 1
    assert (found[0][0], head in found[0][1], cause in found[0][2]) == (line_no, True, True)
    assert bool(found[0][2]) == bool(cause)


@pytest.mark.parametrize("log", [row[1] for row in TRACES], ids=[row[0] for row in TRACES])
def test_a_trace_that_comes_again_is_counted_whatever_stands_between(log: str) -> None:
    between = "2024-03-01 10:00:00 INFO going on\n"
    reading = read_log((log + between + log + between + log).encode())
    assert [f.count for f in reading.findings if f.kind is FindingKind.STACK_TRACE] == [3]


def test_a_trace_in_a_record_is_read_like_any_other() -> None:
    record = {"level": "error", "time": "2024-03-01T10:00:00Z", "msg": "request failed", "stack": JAVA}
    reading = read_log(("{}\n" + json.dumps(record) + "\n" + '{"level":"info","msg":"on"}\n').encode())
    assert [(no, cause.split(":")[0]) for no, _head, cause in _traces(reading)] == [(2, "java.net.ConnectException")]


def test_a_trace_behind_a_container_s_name_is_read_like_any_other() -> None:
    composed = "".join(f"web_1  | {line}\n" for line in JAVA.splitlines())
    ((_line_no, head, _cause),) = _traces(read_log(composed.encode()))
    assert head.startswith("Exception in thread")
