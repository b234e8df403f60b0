"""Python's own HTTP client against our server, which answers "<method> <path> <body>". Argument: the port."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)


def ask(method, path, body=None, headers={}, **more):
    connection.request(method, path, body, headers, **more)
    response = connection.getresponse()
    return response, response.read()


socket = None
for method, body in (("GET", None), ("POST", b"hello"), ("PUT", b""), ("DELETE", None)):
    response, octets = ask(method, "/a%20b", body)
    assert response.status == 200, response.status
    assert octets == f"{method} /a b ".encode() + (body or b""), octets
    socket = socket or connection.sock
    assert connection.sock is socket, "the connection was not kept"

response, octets = ask("POST", "/", iter([b"one ", b"two"]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
assert octets == b"POST / one two", octets

response, octets = ask("HEAD", "/")
assert octets == b"" and response.headers["Content-Length"] == "7", response.headers

response, octets = ask("GET", "/nobody/here/../x")
assert response.status == 400 and response.headers["Content-Type"] == "application/problem+json"
assert connection.sock is None, "the server had said Connection: close"
