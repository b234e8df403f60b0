// Where answers wait: one maildrop a mailbox, one file a mail.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/ids.h"
#include "core/runtime/result.h"
#include "protocols/pop3/server.h"

namespace sluis::sandbox {

// `maildrops/<mailbox>/<uidl>.eml` in a folder of state. The UIDL is a UUID of version 7: stable over restarts, never
// given twice, and in order of arrival (RFC 1939 §7).
// [Threading] any thread, but deliver(), read(), remove() and open() block: pool threads.
// [Durability] a delivered mail and a removal are on the disk when the call returns. A removal of several mails is one:
// the list of what goes is written first, and open() finishes what a crash has interrupted.
// [Errors] "sandbox.disk"; "sandbox.mailbox" (unknown); those of pop3::ByteStuffer for a mail that POP3 cannot carry.
class Maildrops {
 public:
  static Result<std::unique_ptr<Maildrops>> open(const std::filesystem::path& state,
                                                 const std::vector<std::string>& mailboxes, IdGenerator& ids);

  // The new mail's UIDL. A session that is open does not see it (RFC 1939 §4: numbers are fixed at login).
  Result<std::string> deliver(std::string_view mailbox, std::string mail);

  // The exclusive lock of RFC 1939 §4 and the listing under it; none: another session has it.
  Result<std::optional<pop3::Maildrop>> lock(std::string_view mailbox);
  void unlock(std::string_view mailbox);

  [[nodiscard]] Result<std::string> read(std::string_view mailbox, std::string_view uidl) const;
  Status remove(std::string_view mailbox, const std::vector<std::string>& uidls);

  [[nodiscard]] std::map<std::string, std::size_t> waiting() const;

 private:
  struct Drop {
    std::filesystem::path folder;
    pop3::Maildrop mails;
    bool locked = false;
  };
  explicit Maildrops(IdGenerator& ids) : ids_(ids) {}
  static Result<Drop> load(const std::filesystem::path& folder);
  [[nodiscard]] Result<std::filesystem::path> folder_of(std::string_view mailbox) const;

  IdGenerator& ids_;
  mutable std::mutex mutex_;
  std::map<std::string, Drop, std::less<>> drops_;
};

}  // namespace sluis::sandbox
