// One submission session: drives smtp::Server and puts the requested faults where they belong.
#pragma once

#include <memory>
#include <string>

#include "adapters/sandbox/msa_server.h"
#include "protocols/smtp/server.h"

namespace sluis::sandbox {

class MsaSession final : public Session {
 public:
  MsaSession(std::shared_ptr<net::Connection> connection, const MsaParts& parts, const MsaConfig& config);

 private:
  void opened() override;
  void input(std::string_view bytes) override;
  void secured() override;
  void timed_out() override;
  void gone(std::string_view reason) override;
  [[nodiscard]] bool wants_input() const override { return machine_.wants_input(); }

  void greet();
  void carry_out();
  bool refused(std::string_view point, void (smtp::Server::*verdict)(smtp::Reply));
  void take(smtp::Send& action) { send(std::move(action.bytes)); }
  void take(smtp::StartTls&) { secure(); }
  void take(smtp::Close&) { finish(); }
  void take(smtp::SetDeadline& action) { set_deadline(action.after); }
  void take(smtp::Authenticate& action);
  void take(smtp::MailFrom& action);
  void take(smtp::RcptTo& action);
  void take(smtp::BeginData& action);
  void take(smtp::Data& action) { submission_.mail += action.bytes; }
  void take(smtp::EndData& action);
  void take(smtp::Abort&) { submission_ = {}; }
  void keep(bool answer);

  const MsaParts parts_;
  const bool implicit_;
  smtp::Server machine_;
  const Account* account_ = nullptr;
  Submission submission_;
  bool acting_ = false;
  bool refuses_ = false;  // the greeting was a refusal: nothing is read any more
};

}  // namespace sluis::sandbox
