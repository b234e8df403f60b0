// Names and values of the table as small numbers, so that a decision compares integers; and one message's facts under
// them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/message/message.h"

namespace sluis::routing {

// Lets string_view look up std::string keys without a copy.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class V>
using TextMap = std::unordered_map<std::string, V, TextHash, std::equal_to<>>;

using Slot = std::uint32_t;                       // an attribute name the table speaks of
using Value = std::uint32_t;                      // a value the table compares some slot with; unique over all slots
inline constexpr Value no_value = 0xFFFFFFFF;     // the message does not have the attribute
inline constexpr Value other_value = 0xFFFFFFFE;  // it has, with a value the table nowhere mentions

// [Threading] built by one thread, then immutable.
class Symbols {
 public:
  Slot slot(std::string_view name);
  Value value(Slot slot, std::string_view text);

  [[nodiscard]] const std::string& name(Slot slot) const { return slots_[slot].name; }
  [[nodiscard]] Value find(Slot slot, std::string_view text) const;
  [[nodiscard]] std::size_t slots() const { return slots_.size(); }

 private:
  struct Entry {
    std::string name;
    TextMap<Value> values;
  };
  std::vector<Entry> slots_;
  TextMap<Slot> by_name_;
  Value next_ = 0;
};

// The text of one attribute of a message. `from`, `customer` and `message` come from the message itself, `environment`
// from its channel, for these are facts that no attribute may contradict.
[[nodiscard]] std::optional<std::string_view> attribute_text(const Message& message, std::string_view environment,
                                                             std::string_view name);

// One message while it is matched: each attribute is looked up at most once. [Lifetime] within one decision; the
// message and the symbols outlive it. [Threading] one.
class Facts {
 public:
  Facts(const Symbols& symbols, const Message& message, std::string_view environment);

  [[nodiscard]] std::optional<std::string_view> text(Slot slot) { return entry(slot).text; }
  [[nodiscard]] Value value(Slot slot);

 private:
  struct Entry {
    std::optional<std::string_view> text;
    Value value = no_value;
    bool text_known = false;
    bool value_known = false;
  };
  static constexpr std::size_t few = 24;  // on the stack: most tables speak of fewer attributes

  Entry& entry(Slot slot);

  const Symbols& symbols_;
  const Message& message_;
  std::string_view environment_;
  std::array<Entry, few> near_;
  std::vector<Entry> far_;
};

}  // namespace sluis::routing
