// One POP3 session: drives pop3::Server and puts the requested faults where they belong.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/sandbox/pop_server.h"
#include "protocols/pop3/server.h"

namespace sluis::sandbox {

class PopSession final : public Session {
 public:
  PopSession(std::shared_ptr<net::Connection> connection, const PopParts& parts, const PopConfig& config);

 private:
  void opened() override;
  void input(std::string_view bytes) override;
  void secured() override;
  void timed_out() override;
  void gone(std::string_view reason) override;
  [[nodiscard]] bool wants_input() const override { return machine_.wants_input(); }

  void carry_out();
  void take(pop3::Send& action) { send(std::move(action.bytes)); }
  void take(pop3::StartTls&) { secure(); }
  void take(pop3::Close&) { finish(); }
  void take(pop3::SetDeadline& action) { set_deadline(action.after); }
  void take(pop3::Authenticate& action);
  void take(pop3::FetchMail& action);
  void take(pop3::Commit& action);
  void take(pop3::Released&) { release(); }
  void bring(const Result<std::string>& mail, bool half);
  void release();

  const PopParts parts_;
  pop3::Server machine_;
  const Account* account_ = nullptr;  // set while its maildrop is locked by this session
  pop3::Maildrop listing_;
  bool acting_ = false;
};

}  // namespace sluis::sandbox
