#include "routing/symbols.h"

namespace sluis::routing {

Slot Symbols::slot(std::string_view name) {
  const auto at = by_name_.find(name);
  if (at != by_name_.end()) return at->second;
  const auto slot = static_cast<Slot>(slots_.size());
  slots_.push_back({std::string(name), {}});
  by_name_.emplace(name, slot);
  return slot;
}

Value Symbols::value(Slot slot, std::string_view text) {
  auto& values = slots_[slot].values;
  const auto at = values.find(text);
  if (at != values.end()) return at->second;
  values.emplace(text, next_);
  return next_++;
}

Value Symbols::find(Slot slot, std::string_view text) const {
  const auto& values = slots_[slot].values;
  const auto at = values.find(text);
  return at == values.end() ? other_value : at->second;
}

std::optional<std::string_view> attribute_text(const Message& message, std::string_view environment,
                                               std::string_view name) {
  if (name == attribute::from && !message.from.empty()) return message.from;
  if (name == attribute::customer && !message.customer.empty()) return message.customer;
  if (name == attribute::environment && !environment.empty()) return environment;
  return message.attributes.find(name);
}

Facts::Facts(const Symbols& symbols, const Message& message, std::string_view environment)
    : symbols_(symbols), message_(message), environment_(environment) {
  if (symbols.slots() > few) far_.resize(symbols.slots() - few);
}

Facts::Entry& Facts::entry(Slot slot) {
  Entry& e = slot < few ? near_[slot] : far_[slot - few];
  if (!e.text_known) {
    e.text = attribute_text(message_, environment_, symbols_.name(slot));
    e.text_known = true;
  }
  return e;
}

Value Facts::value(Slot slot) {
  Entry& e = entry(slot);
  if (!e.value_known) {
    e.value = e.text ? symbols_.find(slot, *e.text) : no_value;
    e.value_known = true;
  }
  return e.value;
}

}  // namespace sluis::routing
