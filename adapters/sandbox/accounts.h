// Who may log in: one line an account, "user password mailbox".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/result.h"
#include "core/runtime/secret.h"
#include "protocols/sasl/sasl.h"

namespace sluis::sandbox {

struct Account {
  std::string user;
  Secret password;
  std::string mailbox;  // the address that it sends from, and the name of its maildrop
};

// [Threading] immutable; any thread. [Errors] "sandbox.accounts" with file and line: a malformed line, a user or a
// mailbox that comes twice, a file that others may read (mode 0600 or stricter is demanded: it holds passwords).
class Accounts {
 public:
  static Result<Accounts> read(const std::string& file);
  static Result<Accounts> parse(std::string_view text, std::string_view name);

  [[nodiscard]] const Account* find(std::string_view user) const;
  // The account whose password was proven, or null.
  [[nodiscard]] const Account* check(const sasl::Presented& presented) const;
  [[nodiscard]] std::vector<std::string> mailboxes() const;

 private:
  std::map<std::string, Account, std::less<>> by_user_;
};

}  // namespace sluis::sandbox
