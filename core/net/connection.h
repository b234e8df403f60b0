// One stream to one peer, in clear text or TLS, on one event loop.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/address.h"
#include "core/net/byte_queue.h"
#include "core/net/event_loop.h"
#include "core/net/file_descriptor.h"
#include "core/net/tls.h"
#include "core/runtime/error.h"
#include "core/runtime/export.h"

namespace sluis::net {

struct ProxyHeader;
class TlsFilter;

// What a connection tells whoever uses it.
// [Threading] every call comes on the connection's loop, from the loop itself, never from inside a method of the
// Connection. [Ownership] the Connection holds its handler from start() until on_closed() or close(), and lets it go on
// a later turn of the loop: a handler may call close() from any of its methods and is not destroyed under its own feet.
// All methods of the Connection may be called from here. Nothing here may block.
class SLUIS_CORE_API ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // Bytes from the peer, in order, each once; decrypted when TLS is on. Valid during the call only.
  virtual void on_bytes(std::string_view bytes) = 0;
  // The TLS handshake is done: chain, name and pins hold. Once.
  virtual void on_tls(const TlsInfo& info) { static_cast<void>(info); }
  // write() had returned false, and the queue is short again.
  virtual void on_drained() {}
  // The deadline passed. It is used up; the connection stays open. Whoever sets a deadline overrides this.
  virtual void on_timeout() {}
  // The end, once, and the last call. The descriptor is closed already. Codes:
  //   "net.eof"        the peer ended the stream; under TLS with close_notify, so that nothing was cut off
  //   "tls.truncated"  the stream ended under TLS without close_notify: anyone on the way may have cut it
  //   "net.closed"     we ended it: shutdown() is complete
  //   "net.reset", "net.timeout", "net.io"   the network ended it
  //   "net.overflow"   more was written than ConnectionSettings::most_queued
  //   "tls.…"          as TlsFilter says
  virtual void on_closed(const Error& reason) = 0;
};

struct ConnectionSettings {
  std::size_t high_water = 256 * 1024;         // from here on write() says: wait for on_drained()
  std::size_t most_queued = 64 * 1024 * 1024;  // a writer that does not listen ends the connection
  Duration linger = 5s;                        // how long shutdown() waits without any progress
};

// Who is at the other end of a local socket, as the kernel says (unix(7), SO_PEERCRED).
struct PeerCredentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

// [Ownership] shared_ptr: the loop holds a started connection until it is closed, the user as long as it likes. A
// connection that was never started closes when it is dropped. [Threading] on the loop only, except loop(), remote(),
// peer(), proxy_header(), local() and create(). [Errors] through on_closed(). After the end every method is harmless
// and does nothing.
class SLUIS_CORE_API Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Takes over a connected, non-blocking stream socket. `header`: what a proxy that is believed says of its client.
  static std::shared_ptr<Connection> create(EventLoop& loop, FileDescriptor socket, ConnectionSettings settings = {},
                                            std::shared_ptr<const ProxyHeader> header = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to read. Once.
  void start(std::shared_ptr<ConnectionHandler> handler);

  // Queues the bytes, always all of them; they leave at the end of this turn of the loop. False: the queue is above
  // high_water; on_drained() will come. Before the TLS handshake is done they wait for it.
  bool write(std::string_view bytes);
  [[nodiscard]] bool writable() const;
  [[nodiscard]] std::size_t queued() const;

  // STARTTLS, STLS, or TLS from the start. What was written before leaves in clear text, everything after in TLS;
  // on_tls() follows. `unparsed`: octets that on_bytes() handed over and the handler has not yet read as part of the
  // clear-text dialogue. When there are any, or pending_input() is not 0, the upgrade is refused with "tls.buffered":
  // they would be taken for something the peer said under TLS (RFC 3207 §4.2, RFC 2595 §4). The caller then closes.
  Status start_tls_client(std::shared_ptr<const TlsContext> context, std::string_view host, std::size_t unparsed = 0);
  Status start_tls_server(std::shared_ptr<const TlsContext> context, std::size_t unparsed = 0);
  // Octets received and not yet given to the handler. In clear text a client counts what waits in the kernel too: after
  // a STARTTLS reply a server has nothing to say before our ClientHello.
  [[nodiscard]] std::size_t pending_input() const;
  [[nodiscard]] const std::optional<TlsInfo>& tls() const { return tls_info_; }

  // Sends what is queued, then the end (close_notify, FIN), waits for the peer's end, then on_closed("net.closed").
  // What the peer still sends is dropped. No other callback comes.
  void shutdown();
  // Ends it now. No callback comes after close() was called, also not on_closed().
  void close();
  [[nodiscard]] bool closed() const { return state_ == State::closed; }

  void pause_reading();  // no on_bytes() after it; the end of the stream is not noticed either
  void resume_reading();

  // on_timeout() once, `after` from now; replaces the one before.
  void set_deadline(Duration after);
  void clear_deadline();

  [[nodiscard]] EventLoop& loop() const { return loop_; }
  // Whom we speak with: the client, also when a named proxy forwards it.
  [[nodiscard]] const Address& remote() const { return remote_; }
  // The other end of the socket: the proxy, where there is one.
  [[nodiscard]] const Address& peer() const { return peer_; }
  // What the proxy said (core/net/proxy_protocol.h); null without one.
  [[nodiscard]] const std::shared_ptr<const ProxyHeader>& proxy_header() const { return proxy_header_; }
  [[nodiscard]] const Address& local() const { return local_; }
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const;    // local sockets only
  [[nodiscard]] std::uint64_t bytes_received() const { return received_; }  // on the wire
  [[nodiscard]] std::uint64_t bytes_sent() const { return sent_; }
  // The stream ended under TLS without close_notify.
  [[nodiscard]] bool truncated() const { return truncated_; }

  // Kept until the connection is closed: a place in a limit, for example.
  void keep(std::shared_ptr<void> lease) { lease_ = std::move(lease); }

 private:
  enum class State { created, open, closing, closed };
  class Turn;

  Connection(EventLoop& loop, FileDescriptor socket, ConnectionSettings settings,
             std::shared_ptr<const ProxyHeader> header);
  void on_io(IoEvents events);
  void receive();
  void receive_clear(std::string_view bytes);
  void read_tls();
  void on_end_of_stream();
  void deliver(std::string_view bytes);
  void schedule_flush();
  void flush();
  void encrypt();
  void send_wire();
  void after_flush();
  void on_send_failure(int error);
  void read_what_is_left(const Error& reason);
  void arm_linger();
  void on_deadline();
  void update_interest();
  void fail(const Error& reason);
  void finish(const Error* reason);
  Status start_tls(Result<std::unique_ptr<TlsFilter>> filter);

  EventLoop& loop_;
  FileDescriptor socket_;
  const ConnectionSettings settings_;
  const std::shared_ptr<const ProxyHeader> proxy_header_;  // shared with sessions, which may outlive the connection
  const Address peer_;
  const Address remote_;
  const Address local_;
  std::shared_ptr<ConnectionHandler> handler_;  // shared: it must live while one of its methods runs
  std::shared_ptr<void> lease_;
  State state_ = State::created;
  bool paused_ = false;
  bool full_ = false;  // write() has said so
  bool flush_posted_ = false;
  int turns_ = 0;              // inside on_io(): the flush comes at its end
  bool end_sent_ = false;      // close_notify is queued
  bool write_closed_ = false;  // FIN is sent
  bool truncated_ = false;
  ByteQueue plain_;  // waits for TLS
  ByteQueue wire_;   // goes to the socket as it is
  std::unique_ptr<TlsFilter> tls_;
  std::optional<TlsInfo> tls_info_;
  std::optional<MonoTime> deadline_;
  TimerId deadline_timer_ = TimerId::none;
  MonoTime deadline_timer_at_{};
  TimerId linger_timer_ = TimerId::none;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace sluis::net
