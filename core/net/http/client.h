// The HTTP/1.1 client: one request, one result that says what is certain; connections kept per origin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/connector.h"
#include "core/net/event_loop.h"
#include "core/net/http/gzip.h"
#include "core/net/http/limits.h"
#include "core/net/http/messages.h"
#include "core/net/tls.h"
#include "core/runtime/executor.h"
#include "core/runtime/export.h"
#include "core/runtime/log.h"

namespace sluis::net::http {

// Where a request goes (RFC 6454 §4).
struct SLUIS_CORE_API Origin {
  bool tls = true;
  std::string host;  // a DNS name or an IP address without brackets
  std::uint16_t port = 443;
  [[nodiscard]] std::string text() const;       // "https://customs.example:8443"
  [[nodiscard]] std::string authority() const;  // for Host: the port only where it is not the scheme's
  bool operator==(const Origin&) const = default;
};

// "https://host:port/path?query" taken apart. User information and fragments are refused. [Errors] "http.url"
struct SLUIS_CORE_API Url {
  Origin origin;
  std::string target = "/";
  static Result<Url> parse(std::string_view text);
};

struct ClientTimeouts {
  Duration resolve = 10s;
  Duration connect = 10s;  // for each address
  Duration tls = 10s;
  Duration response = 60s;  // from the last octet of the request to the end of the response's head
  // A body must move at this rate on average over each window, either way, unless we hold it back ourselves.
  Duration rate_window = 30s;
  std::uint64_t least_rate = 100;  // octets a second
  Duration total = 10min;          // with waiting for a free connection
};

struct ClientRequest {
  Origin origin;
  std::string method = "GET";
  std::string target = "/";  // origin-form, encoded
  Headers headers = {};
  std::string body = {};
  // Instead of `body`: one buffer for many requests (an update that goes to a thousand subscribers).
  std::shared_ptr<const std::string> shared_body = {};
  // The body comes through ClientCall::write() instead; its length, if it is known.
  bool streamed = false;
  std::optional<std::uint64_t> content_length = {};
  // The same request twice does no harm (RFC 9110 §9.2.2), so it may be sent again, once, when the kept connection it
  // went out on turns out to be dead. Without it nothing is ever sent twice.
  bool idempotent = false;
  bool fresh_connection = false;  // not on a kept connection: rules out "http.stale" for what must not be in doubt
  bool accept_gzip = true;
  std::uint64_t most_body = 64 * 1024 * 1024;  // of the response, as received
  InflateLimits inflate = {};                  // of a response with Content-Encoding: gzip
  ClientTimeouts timeouts = {};
};

// What is certain about the request.
enum class Verdict {
  not_sent,  // the server cannot have the whole of it: nothing has happened (RFC 9112 §8 forbids to act on a part),
             // or its TLS has refused our certificate
  in_doubt,  // the server may have all of it, and no complete response came
  answered   // a complete response came
};
enum class Sent { nothing, part, whole };  // of the request, as far as we can know: into the network, not out of it
[[nodiscard]] SLUIS_CORE_API std::string_view to_string(Verdict verdict);

struct ClientResult {
  Verdict verdict = Verdict::not_sent;
  Sent sent = Sent::nothing;
  // Unless answered. Codes of Connector, Connection, TlsFilter and ClientMachine, and
  //   "http.stale"      a kept connection ended before the first octet of a response; `sent` tells how far we came
  //   "http.timeout.tls", "http.timeout.response", "http.timeout.rate", "http.timeout.total"
  //   "http.cancelled", "http.stopped", "http.handler"
  //   "http.body-size", "http.gzip…"   the response is more than we take
  std::optional<Error> error;
  int status = 0;       // of the response's head, if one came
  bool reused = false;  // it went out on a kept connection
  std::optional<TlsInfo> tls;
};

// [Threading] every call comes on the client's loop and must not block. [Ownership] held until on_done().
class SLUIS_CORE_API ResponseHandler {
 public:
  virtual ~ResponseHandler() = default;
  // Once. 1xx responses never come here, and redirects are not followed: 3xx is an answer like any other.
  virtual void on_response(const ResponseHead& head) { static_cast<void>(head); }
  virtual void on_body(std::string_view bytes) { static_cast<void>(bytes); }  // without chunks and gzip
  virtual void on_drained() {}  // ClientCall::write() had returned false, and the queue is short again
  // Exactly once, whatever happens, and the last call.
  virtual void on_done(const ClientResult& result) = 0;
};

class CallState;
class ClientCore;

// A request under way. [Ownership] a handle; dropping it changes nothing. [Threading] any thread; write and end one at
// a time.
class SLUIS_CORE_API ClientCall {
 public:
  ClientCall() = default;
  explicit ClientCall(std::shared_ptr<CallState> state) : state_(std::move(state)) {}
  // on_done() with "http.cancelled", unless it is done already.
  void cancel() const;
  // For a streamed body: all of it is taken. False: enough for now, on_drained() will come.
  bool write(std::string_view bytes) const;
  void end() const;
  void pause() const;  // no on_body() until resume()
  void resume() const;

 private:
  std::shared_ptr<CallState> state_;
};

struct HttpClientSettings {
  std::string name = "http-client";
  std::shared_ptr<const TlsContext> tls = {};  // for https: trust, client certificate, pins
  MessageLimits limits = {};                   // of responses; their body's limit is the request's
  std::size_t most_per_origin = 16;            // connections; further requests wait for one
  std::size_t most_idle_per_origin = 4;
  Duration idle_timeout = 30s;      // shorter than a server's, so that it is not us who finds a closed door
  std::string source_address = {};  // see ConnectRequest
  std::string interface = {};
  std::optional<HttpProxy> proxy = {};  // a tunnel for http and https alike
  std::string user_agent = "sluis";
  ConnectionSettings connection = {};
  Log log = {};
};

// A response with all of its body, up to ClientRequest::most_body and InflateLimits::size.
struct Fetched {
  ClientResult result;
  Response response;  // complete when answered
};

// Connections are kept for this client only: one client certificate, one client. [Ownership] its connections; loop and
// resolver must outlive it, and every call is over before stop()'s `done`. [Threading] any thread; everything happens
// on the one loop.
class SLUIS_CORE_API HttpClient {
 public:
  HttpClient(EventLoop& loop, Resolver& resolver, HttpClientSettings settings = {});
  ~HttpClient();  // stop()
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  ClientCall send(ClientRequest request, std::shared_ptr<ResponseHandler> handler);
  ClientCall fetch(ClientRequest request, std::function<void(Fetched)> done);
  // Calls under way end with "http.stopped", kept connections close.
  void stop(Task done = {});

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace sluis::net::http
