"""Python's own HTTP server, for our client to talk to. Prints its port; GET /quit ends it."""

import gzip
import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            octets = b""
            while size := int(self.rfile.readline(), 16):
                octets += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return octets
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, octets, *fields):
        self.send_response(200)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(octets)

    def do_POST(self):
        self.answer(self.body())

    def do_GET(self):
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"one ", b"two ", b"three"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\nX-Trailer: late\r\n\r\n")
        elif self.path == "/until-the-end":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"all of it")
            self.close_connection = True
        elif self.path == "/gzip":
            assert "gzip" in self.headers["Accept-Encoding"]
            self.answer(gzip.compress(b"unfolded" * 1000), ("Content-Encoding", "gzip"))
        elif self.path == "/quit":
            self.answer(b"")
            threading.Thread(target=self.server.shutdown).start()
        else:
            self.send_error(404)

    do_HEAD = do_GET



if __name__ == "__main__":
    Handler.protocol_version = sys.argv[1]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *words: None  # a client that refuses an answer hangs up in the middle of it
    print(server.server_port, flush=True)
    server.serve_forever()
