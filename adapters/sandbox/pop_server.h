// A POP3 server over maildrops.
#pragma once

#include <memory>
#include <string>

#include "adapters/sandbox/accounts.h"
#include "adapters/sandbox/ledger.h"
#include "adapters/sandbox/maildrops.h"
#include "adapters/sandbox/misbehaviour.h"
#include "adapters/sandbox/session.h"
#include "core/net/listener.h"
#include "core/runtime/clock.h"
#include "core/runtime/random.h"

namespace sluis::sandbox {

struct PopConfig {
  enum class Tls { none, stls, implicit };
  std::string hostname = "localhost";
  Tls tls = Tls::implicit;
  std::shared_ptr<const net::TlsContext> context;  // shared by every connection
};

// Its points of misbehaviour.
const std::vector<MisbehaviourPoint>& pop_points();

struct PopParts {
  net::LoopGroup& loops;
  WorkerPool& pool;
  const Clock& clock;
  Random& random;
  const Accounts& accounts;
  Misbehaviour& misbehaviour;
  Maildrops& maildrops;
  Ledger& ledger;  // "retrieved" before a mail's first octet leaves, "deleted" before the +OK to QUIT
};

// [Ownership] everything in PopParts outlives it. [Threading] any thread; stop() not on a loop. [Durability] deletions
// happen at QUIT, all or none, and are on the disk before its +OK. [Errors] those of Listener. [Source] RFC 1939;
// digipoort.md §3.3.
class PopServer {
 public:
  static Result<std::unique_ptr<PopServer>> open(const PopParts& parts, const PopConfig& config,
                                                 const net::Address& address, const Log& log = {});
  ~PopServer() { stop(); }

  [[nodiscard]] const net::Address& address() const { return listener_->address(); }
  void stop();

 private:
  PopServer(const PopParts& parts, PopConfig config) : parts_(parts), config_(std::move(config)) {}

  const PopParts parts_;
  const PopConfig config_;
  Sessions sessions_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::sandbox
