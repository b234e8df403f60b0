// A submission server (SMTP-MSA): AUTH, TLS, one sender address an account, and 250 only when the mail is safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/sandbox/accounts.h"
#include "adapters/sandbox/misbehaviour.h"
#include "adapters/sandbox/session.h"
#include "core/net/listener.h"
#include "core/runtime/clock.h"
#include "core/runtime/random.h"
#include "protocols/smtp/envelope.h"

namespace sluis::sandbox {

struct Submission {
  std::string account;
  std::string mailbox;
  smtp::Envelope envelope;
  std::string mail;  // as it came, dots taken off
};

struct Taken {
  std::string text;         // of the 250
  Task afterwards = [] {};  // runs on the pool when the 250 is on its way, or was lost on request
};

// [Threading] take() comes on pool threads, several at a time. [Durability] when it returns ok the mail is on the disk.
// An error is answered 451.
class SubmissionTaker {
 public:
  virtual ~SubmissionTaker() = default;
  virtual Result<Taken> take(const Submission& submission) = 0;
};

struct MsaConfig {
  enum class Tls { none, starttls, implicit };
  std::string hostname = "localhost";
  Tls tls = Tls::starttls;
  std::shared_ptr<const net::TlsContext> context;  // shared by every connection
};

// Its points of misbehaviour; a code at msa:data refuses the mail after it was read, at msa:dot instead of keeping it.
const std::vector<MisbehaviourPoint>& msa_points();

// [Ownership] everything in MsaParts outlives it. [Threading] any thread; stop() not on a loop. [Errors] those of
// Listener. [Source] RFC 6409; digipoort.md §1.3 and §3.1.
struct MsaParts {
  net::LoopGroup& loops;
  WorkerPool& pool;
  const Clock& clock;
  Random& random;
  const Accounts& accounts;
  Misbehaviour& misbehaviour;
  SubmissionTaker& taker;
};

class MsaServer {
 public:
  static Result<std::unique_ptr<MsaServer>> open(const MsaParts& parts, const MsaConfig& config,
                                                 const net::Address& address, const Log& log = {});
  ~MsaServer() { stop(); }

  [[nodiscard]] const net::Address& address() const { return listener_->address(); }
  void stop();

 private:
  MsaServer(const MsaParts& parts, MsaConfig config) : parts_(parts), config_(std::move(config)) {}

  const MsaParts parts_;
  const MsaConfig config_;
  Sessions sessions_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::sandbox
