#include "adapters/sandbox/accounts.h"

#include <sys/stat.h>

#include <set>
#include <sstream>

#include "adapters/sandbox/durable.h"

namespace sluis::sandbox {

Result<Accounts> Accounts::read(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return disk_error(file, "cannot be read");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{"sandbox.accounts", file + ": holds passwords, and others may read it; chmod 600 is demanded"};
  const Result<std::string> text = read_file(file);
  if (!text) return text.error();
  return parse(*text, file);
}

Result<Accounts> Accounts::parse(std::string_view text, std::string_view name) {
  Accounts accounts;
  std::set<std::string> mailboxes;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto bad = [&](const std::string& what) {
      return Error{"sandbox.accounts", std::string(name) + ":" + std::to_string(number) + ": " + what};
    };
    std::istringstream words(line);
    std::string user, password, mailbox, more;
    if (!(words >> user) || user.front() == '#') continue;
    if (!(words >> password >> mailbox) || words >> more) return bad("a line is \"user password mailbox\"");
    if (!mailboxes.insert(mailbox).second) return bad("the mailbox " + mailbox + " is another account's");
    if (!accounts.by_user_.emplace(user, Account{user, Secret(password), mailbox}).second)
      return bad("the user " + user + " comes twice");
  }
  return accounts;
}

const Account* Accounts::find(std::string_view user) const {
  const auto at = by_user_.find(user);
  return at == by_user_.end() ? nullptr : &at->second;
}

const Account* Accounts::check(const sasl::Presented& presented) const {
  const Account* account = find(presented.username);
  return account != nullptr && sasl::verify(presented, account->password) ? account : nullptr;
}

std::vector<std::string> Accounts::mailboxes() const {
  std::vector<std::string> all;
  for (const auto& [user, account] : by_user_) all.push_back(account.mailbox);
  return all;
}

}  // namespace sluis::sandbox
