// What an adapter sees of a request, and how it answers: now or much later, from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/address.h"
#include "core/net/http/gzip.h"
#include "core/net/http/messages.h"
#include "core/net/tls.h"
#include "core/runtime/error.h"
#include "core/runtime/export.h"

namespace sluis::net::http {

class ResponseChannel;

// A request's head and who sent it. [Threading] a value.
struct Request : RequestHead {
  Address peer;
  Address local;
  std::optional<TlsInfo> tls;  // with the client's verified certificate, if it showed one
};

// The answer to one request, given once: respond(), or begin(), write()…, end(). It may come before the request's body
// does; the rest of the body is then read past or the connection ends, and no call of the handler follows.
// [Ownership] a handle; copies speak for the same answer. When the last copy goes without an answer the client gets
// 500, and it is counted as a bug. Handles may outlive session and server, not the event loops. [Threading] respond,
// begin, write, end, abort: any thread, one at a time. pause, resume, alive: any thread. [Errors] a peer that has gone
// is told to the handler; here calls just do nothing then.
class SLUIS_CORE_API Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<ResponseChannel> channel) : channel_(std::move(channel)) {}

  // gzip is done here, on the calling thread: compress large bodies on a worker, or once and set Content-Encoding.
  void respond(Response response) const;

  // A body in pieces. `length`: of the body, if known; not together with `compress`.
  void begin(ResponseHead head, std::optional<std::uint64_t> length = std::nullopt, bool compress = false) const;
  // All of it is taken. False: enough for now, RequestHandler::on_drained() will come.
  bool write(std::string_view bytes) const;
  void end() const;
  // The body cannot be completed: the connection ends in a way that the client recognises as cut off.
  void abort() const;

  // No on_body() until resume(). A client that waits for "100 Continue" goes on waiting, so a handler that pauses in
  // `serve` can refuse a body it does not want before it is sent.
  void pause() const;
  void resume() const;

  // Somebody still waits for the answer.
  [[nodiscard]] bool alive() const;

 private:
  std::shared_ptr<ResponseChannel> channel_;
};

// One request. [Threading] every call comes on the connection's loop and must not block. [Ownership] held by the
// session until the response is complete or on_aborted() was called.
class SLUIS_CORE_API RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // The body, decoded from chunks and gzip, in order; valid during the call.
  virtual void on_body(std::string_view bytes) { static_cast<void>(bytes); }
  // The request is complete. Once, also without a body. Only now may anything be made of it.
  virtual void on_end() {}
  // write() had returned false, and the queue is short again.
  virtual void on_drained() {}
  // The response will not be completed: the peer has gone ("net.…", "tls.…"), sent something that was refused
  // ("http.…"), or the server stops ("http.stopped"). The last call.
  virtual void on_aborted(const Error& reason) { static_cast<void>(reason); }
};

// Called for each request of a mount, before its body. nullptr: nobody wants the body; the Responder answers.
// [Threading] on the connection's loop, on several loops at a time; must not block.
using Serve = std::function<std::shared_ptr<RequestHandler>(const Request& request, Responder responder)>;

// Where requests go by path, and what they may cost.
struct Mount {
  std::string prefix = "/";  // "/api" takes "/api" and "/api/…", not "/apis"; the longest one wins
  std::string host = {};     // of this virtual host only, which goes before mounts of every host; without port
  std::uint64_t most_body = 10 * 1024 * 1024;  // as sent; above it 413
  InflateLimits inflate = {};                  // of bodies with Content-Encoding: gzip
  Serve serve = {};
};

// A Serve that collects the body, for requests that are small or anyway needed whole. `most`: above it the client gets
// 413; with gzip this is the size after it.
using ServeWhole = std::function<void(const Request& request, std::string body, Responder responder)>;
[[nodiscard]] SLUIS_CORE_API Serve collect_body(ServeWhole serve, std::uint64_t most = 10 * 1024 * 1024);

}  // namespace sluis::net::http
