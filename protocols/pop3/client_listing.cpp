// UIDL and LIST, made into one listing.
#include <limits>
#include <utility>

#include "protocols/pop3/client.h"

namespace sluis::pop3 {

Entry* Client::entry(std::string_view number) {
  const auto value = parse_number(number, std::numeric_limits<int>::max());
  if (!value || *value == 0) {
    fail(Error{"pop3.listing.number", "not a message number: \"" + printable(number, 40) + "\""});
    return nullptr;
  }
  const int key = static_cast<int>(*value);
  const auto found = entries_.find(key);
  if (found != entries_.end()) return &found->second;
  if (entries_.size() >= config_.limits.list_entries) {
    truncated_ = true;
    return nullptr;
  }
  Entry& added = entries_[key];
  added.number = key;
  return &added;
}

void Client::uidl_line(std::string_view text) {
  const auto space = text.find(' ');
  const std::size_t before = entries_.size();
  Entry* const found = entry(text.substr(0, space));
  if (found == nullptr) return;
  if (entries_.size() == before)
    return fail(Error{"pop3.listing.twice", "UIDL names message " + std::to_string(found->number) + " twice"});
  if (space != std::string_view::npos && is_uidl(text.substr(space + 1))) found->uidl = text.substr(space + 1);
}

void Client::list_line(std::string_view text) {
  const auto space = text.find(' ');
  Entry* const found = entry(text.substr(0, space));
  if (found == nullptr) return;
  if (found->size_hint)
    return fail(Error{"pop3.listing.twice", "LIST names message " + std::to_string(found->number) + " twice"});
  if (space == std::string_view::npos) return fail(Error{"pop3.listing.size", "LIST gives a message without a size"});
  const std::string_view rest = text.substr(space + 1);
  found->size_hint = parse_number(rest.substr(0, rest.find(' ')), std::numeric_limits<std::int64_t>::max());
  if (!found->size_hint)
    return fail(Error{"pop3.listing.size", "LIST gives no size for message " + std::to_string(found->number) + ": \"" +
                                               printable(rest, 40) + "\""});
}

void Client::listed() {
  Listing listing;
  listing.uidl = uidl_;
  listing.truncated = truncated_;
  std::map<std::string, std::size_t, std::less<>> seen;
  for (auto& [number, found] : std::exchange(entries_, {})) {
    if (!found.uidl.empty()) {
      const auto [first, fresh] = seen.emplace(found.uidl, listing.entries.size());
      if (!fresh) listing.entries[first->second].duplicate_uidl = found.duplicate_uidl = true;
    }
    listing.entries.push_back(std::move(found));
  }
  expect(Step::ready, config_.timeouts.idle);
  act(std::move(listing));
}

}  // namespace sluis::pop3
