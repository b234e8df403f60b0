#include "adapters/sandbox/maildrops.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "adapters/sandbox/durable.h"
#include "protocols/pop3/byte_stuffing.h"

namespace sluis::sandbox {
namespace {

constexpr const char* leaving = "leaving";  // the list of what a removal takes
constexpr std::string_view suffix = ".eml";

// A mailbox as the name of a folder: no "/" and no leading dot, so that no address leads elsewhere.
std::string folder_name(std::string_view mailbox) {
  std::string name;
  for (const char c : mailbox) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' ||
                       c == '-' || c == '_' || (c == '.' && !name.empty());
    name += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return name;
}

// What POP3 will send, and a proof that it can be sent: canonical lines with an end on the last.
Result<std::string> canonical(std::string mail) {
  if (!mail.ends_with("\r\n")) mail += "\r\n";
  pop3::ByteStuffer stuffer;
  std::string wire;
  if (const Status encoded = stuffer.encode(mail, wire); !encoded) return encoded.error();
  if (const Status finished = stuffer.finish(wire); !finished) return finished.error();
  return mail;
}

std::vector<std::string> file_names(const std::vector<std::string>& uidls) {
  std::vector<std::string> names;
  for (const std::string& uidl : uidls) names.push_back(uidl + std::string(suffix));
  return names;
}

}  // namespace

Result<Maildrops::Drop> Maildrops::load(const std::filesystem::path& folder) {
  if (const Status made = make_folder(folder); !made) return made.error();
  if (std::filesystem::exists(folder / leaving)) {
    const Result<std::string> list = read_file(folder / leaving);
    if (!list) return list.error();
    std::istringstream words(*list);
    std::vector<std::string> names;
    for (std::string name; words >> name;) names.push_back(name);
    if (const Status removed = remove_durably(folder, names); !removed) return removed.error();
    if (const Status done = remove_durably(folder, {leaving}); !done) return done.error();
  }
  Drop drop{folder, {}, false};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(suffix)) continue;
    drop.mails.push_back({name.substr(0, name.size() - suffix.size()), entry.file_size()});
  }
  std::sort(drop.mails.begin(), drop.mails.end(), [](const auto& a, const auto& b) { return a.uidl < b.uidl; });
  return drop;
}

Result<std::unique_ptr<Maildrops>> Maildrops::open(const std::filesystem::path& state,
                                                   const std::vector<std::string>& mailboxes, IdGenerator& ids) {
  std::unique_ptr<Maildrops> all(new Maildrops(ids));
  for (const std::string& mailbox : mailboxes) {
    Result<Drop> drop = load(state / "maildrops" / folder_name(mailbox));
    if (!drop) return drop.error();
    all->drops_.emplace(mailbox, std::move(drop).value());
  }
  return all;
}

Result<std::filesystem::path> Maildrops::folder_of(std::string_view mailbox) const {
  const std::lock_guard lock(mutex_);
  const auto at = drops_.find(mailbox);
  if (at == drops_.end()) return Error{"sandbox.mailbox", "no mailbox " + std::string(mailbox)};
  return at->second.folder;
}

Result<std::string> Maildrops::deliver(std::string_view mailbox, std::string mail) {
  const Result<std::filesystem::path> folder = folder_of(mailbox);
  if (!folder) return folder.error();
  const Result<std::string> octets = canonical(std::move(mail));
  if (!octets) return octets.error();
  const std::string uidl = ids_.next().text();
  if (const Status written = write_durably(*folder / (uidl + std::string(suffix)), *octets); !written)
    return written.error();
  const std::lock_guard lock(mutex_);
  drops_.find(mailbox)->second.mails.push_back({uidl, octets->size()});
  return uidl;
}

Result<std::optional<pop3::Maildrop>> Maildrops::lock(std::string_view mailbox) {
  const std::lock_guard lock(mutex_);
  const auto at = drops_.find(mailbox);
  if (at == drops_.end()) return Error{"sandbox.mailbox", "no mailbox " + std::string(mailbox)};
  if (at->second.locked) return std::optional<pop3::Maildrop>{};
  at->second.locked = true;
  return std::optional(at->second.mails);
}

void Maildrops::unlock(std::string_view mailbox) {
  const std::lock_guard lock(mutex_);
  if (const auto at = drops_.find(mailbox); at != drops_.end()) at->second.locked = false;
}

Result<std::string> Maildrops::read(std::string_view mailbox, std::string_view uidl) const {
  const Result<std::filesystem::path> folder = folder_of(mailbox);
  if (!folder) return folder.error();
  return read_file(*folder / (std::string(uidl) + std::string(suffix)));
}

Status Maildrops::remove(std::string_view mailbox, const std::vector<std::string>& uidls) {
  if (uidls.empty()) return {};
  const Result<std::filesystem::path> folder = folder_of(mailbox);
  if (!folder) return folder.error();
  const std::vector<std::string> names = file_names(uidls);
  std::string list;
  for (const std::string& name : names) list += name + "\n";
  // The commit point: from here on a restart finishes it.
  if (const Status written = write_durably(*folder / leaving, list); !written) return written;
  if (const Status removed = remove_durably(*folder, names); !removed) return removed;
  if (const Status done = remove_durably(*folder, {leaving}); !done) return done;
  const std::lock_guard lock(mutex_);
  auto& mails = drops_.find(mailbox)->second.mails;
  mails.erase(std::remove_if(mails.begin(), mails.end(),
                             [&](const pop3::MaildropEntry& mail) {
                               return std::find(uidls.begin(), uidls.end(), mail.uidl) != uidls.end();
                             }),
              mails.end());
  return {};
}

std::map<std::string, std::size_t> Maildrops::waiting() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::size_t> counts;
  for (const auto& [mailbox, drop] : drops_) counts[mailbox] = drop.mails.size();
  return counts;
}

}  // namespace sluis::sandbox
