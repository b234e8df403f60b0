// Attributes: what is known of a message as names and values; routing, correlation and screens read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis {

// The names that core itself sets or reads. Recognisers and adapters add others, each with a prefix of its own
// (edifact., xml., mail., file., tulli., …).
namespace attribute {
inline constexpr std::string_view flow = "flow";                  // douane/uitvoer
inline constexpr std::string_view from = "from";                  // the channel it arrived on
inline constexpr std::string_view customer = "customer";
inline constexpr std::string_view environment = "environment";    // test | production
inline constexpr std::string_view authority = "authority";        // the catalogue's word for the flow's other side
inline constexpr std::string_view kind = "kind";                  // submission | answer | report | notice | feed
inline constexpr std::string_view answer = "answer";              // accepted | refused | received: what an answer says of what it answers
inline constexpr std::string_view reference = "reference";        // the sender's own reference, for people
}  // namespace attribute

// A small sorted map. Values are UTF-8 text. [Threading] a value.
class SLUIS_CORE_API Attributes {
 public:
  using Entry = std::pair<std::string, std::string>;

  Attributes() = default;
  Attributes(std::initializer_list<Entry> entries);

  void set(std::string_view name, std::string_view value);
  bool set_if_absent(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::string_view get(std::string_view name, std::string_view otherwise = {}) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  bool operator==(const Attributes&) const = default;

  // The stored form: for each entry two length-prefixed strings (LEB128 lengths). parse() refuses anything else, names
  // out of order included, so that one set of attributes has one form and one hash.
  [[nodiscard]] std::string serialize() const;
  static Result<Attributes> parse(std::string_view bytes);

 private:
  std::vector<Entry> entries_;   // sorted by name, names unique
};

}  // namespace sluis
