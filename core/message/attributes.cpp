#include "core/message/attributes.h"

#include <algorithm>

#include "core/runtime/packing.h"

namespace sluis {

namespace {

auto position(auto& entries, std::string_view name) {
  return std::lower_bound(entries.begin(), entries.end(), name, [](const auto& e, std::string_view n) { return e.first < n; });
}

}  // namespace

Attributes::Attributes(std::initializer_list<Entry> entries) {
  for (const auto& [name, value] : entries) set(name, value);
}

void Attributes::set(std::string_view name, std::string_view value) {
  const auto at = position(entries_, name);
  if (at != entries_.end() && at->first == name) at->second = value;
  else entries_.emplace(at, name, value);
}

bool Attributes::set_if_absent(std::string_view name, std::string_view value) {
  const auto at = position(entries_, name);
  if (at != entries_.end() && at->first == name) return false;
  entries_.emplace(at, name, value);
  return true;
}

void Attributes::erase(std::string_view name) {
  const auto at = position(entries_, name);
  if (at != entries_.end() && at->first == name) entries_.erase(at);
}

std::optional<std::string_view> Attributes::find(std::string_view name) const {
  const auto at = position(entries_, name);
  if (at == entries_.end() || at->first != name) return std::nullopt;
  return at->second;
}

std::string_view Attributes::get(std::string_view name, std::string_view otherwise) const {
  return find(name).value_or(otherwise);
}

std::string Attributes::serialize() const {
  Packer packer;
  packer.number(entries_.size());
  for (const auto& [name, value] : entries_) {
    packer.text(name);
    packer.text(value);
  }
  return std::move(packer).bytes();
}

Result<Attributes> Attributes::parse(std::string_view bytes) {
  Unpacker unpacker(bytes);
  Attributes out;
  const std::uint64_t count = unpacker.number();
  for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
    const std::string_view name = unpacker.text();
    const std::string_view value = unpacker.text();
    if (!out.entries_.empty() && out.entries_.back().first >= name) return Error{"attributes.syntax", "attributes out of order"};
    out.entries_.emplace_back(name, value);
  }
  if (!unpacker.finished()) return Error{"attributes.syntax", "attributes cut short or followed by other bytes"};
  return out;
}

}  // namespace sluis
