#include "routing/flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace sluis::routing {

namespace {

using Kind = Condition::Kind;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

int weight(const Predicate& predicate) {
  switch (predicate.kind) {
    case Kind::equals: return 2;
    case Kind::glob:
    case Kind::regex: return 1;
    case Kind::present:
    case Kind::none_of: return 0;
    case Kind::all: {
      int sum = 0;
      for (const Predicate& child : predicate.children) sum += weight(child);
      return sum;
    }
    case Kind::any: {
      int least = predicate.children.empty() ? 0 : weight(predicate.children.front());
      for (const Predicate& child : predicate.children) least = std::min(least, weight(child));
      return least;
    }
  }
  return 0;
}

void lay_over(FlowSpec& below, FlowSpec&& above) {
  const auto take = [](auto& to, auto& from) {
    if (!from.empty()) to = std::move(from);
  };
  take(below.authority, above.authority);
  take(below.name, above.name);
  take(below.direction, above.direction);
  take(below.media_type, above.media_type);
  take(below.recognise, above.recognise);
  take(below.lane, above.lane);
  for (auto& [environment, address] : above.address) below.address[environment] = std::move(address);
  below.rules = above.rules;  // whole: its reader begins with the earlier ones
  below.place = std::move(above.place);
}

bool is_flow_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '/' ||
           c == '_' || c == '.';
  });
}

void check(const FlowSpec& spec, std::vector<LocatedError>& errors) {
  static constexpr std::array<std::string_view, 3> directions = {"submission", "answer", "both"};
  static constexpr std::array<std::string_view, 2> environments = {"test", "production"};
  const auto fail = [&](std::string what) {
    errors.push_back({spec.place, fmt::format("flow \"{}\": {}", spec.flow, what)});
  };
  if (!is_flow_name(spec.flow)) fail("a flow's name is letters, digits, - and /, as in douane/uitvoer");
  if (!spec.direction.empty() && std::find(directions.begin(), directions.end(), spec.direction) == directions.end())
    fail(fmt::format("direction \"{}\" is not submission, answer or both", spec.direction));
  if (!spec.media_type.empty() && spec.media_type.find('/') == std::string::npos)
    fail(fmt::format("media type \"{}\" has no /", spec.media_type));
  for (const auto& [environment, address] : spec.address)
    if (std::find(environments.begin(), environments.end(), environment) == environments.end())
      fail(fmt::format("address for \"{}\": there are test and production", environment));
}

std::string names(const std::vector<const FlowCatalogue::Entry*>& entries) {
  std::string text;
  for (const auto* entry : entries) text += (text.empty() ? "" : ", ") + entry->spec.flow;
  return text;
}

// Every mailbox in a header field's value, display names and brackets taken off; good enough to look up known
// addresses.
std::vector<std::string> addresses_in(std::string_view value) {
  std::vector<std::string> out;
  constexpr std::size_t most = 50;
  while (!value.empty() && out.size() < most) {
    const auto comma = value.find(',');
    std::string_view one = value.substr(0, comma);
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    if (const auto open = one.rfind('<'); open != std::string_view::npos) {
      const auto close = one.find('>', open);
      one = one.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    }
    const auto first = one.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    one = one.substr(first, one.find_last_not_of(" \t") - first + 1);
    if (one.find('@') != std::string_view::npos) out.push_back(lower(one));
  }
  return out;
}

}  // namespace

void FlowCatalogue::build(std::vector<FlowSpec> specs, std::vector<LocatedError>& errors) {
  std::vector<FlowSpec> merged;
  for (FlowSpec& spec : specs) {
    const auto at = std::find_if(merged.begin(), merged.end(), [&](const FlowSpec& s) { return s.flow == spec.flow; });
    if (at == merged.end())
      merged.push_back(std::move(spec));
    else if (at->place.file == spec.place.file)
      errors.push_back({spec.place, fmt::format("flow \"{}\" is already at {}", spec.flow, at->place.text())});
    else
      lay_over(*at, std::move(spec));
  }
  for (FlowSpec& spec : merged) {
    check(spec, errors);
    Entry entry;
    for (const Condition& condition : spec.recognise)
      entry.recognise.push_back(compile_condition(condition, symbols_, errors));
    if (auto lane = Template::compile(spec.lane))
      entry.lane = std::move(*lane);
    else
      errors.push_back({spec.place, fmt::format("flow \"{}\": {}", spec.flow, lane.error().what)});
    for (const auto& [environment, address] : spec.address)
      if (!address.empty()) by_address_[{environment, lower(address)}].push_back(entries_.size());
    entry.spec = std::move(spec);
    by_name_.emplace(entry.spec.flow, entries_.size());
    entries_.push_back(std::move(entry));
  }
}

const FlowCatalogue::Entry* FlowCatalogue::find(std::string_view flow) const {
  const auto at = by_name_.find(flow);
  return at == by_name_.end() ? nullptr : &entries_[at->second];
}

std::vector<const FlowCatalogue::Entry*> FlowCatalogue::at_address(std::string_view environment,
                                                                   std::string_view address) const {
  std::vector<const Entry*> out;
  if (const auto at = by_address_.find({std::string(environment), lower(address)}); at != by_address_.end())
    for (const std::size_t i : at->second) out.push_back(&entries_[i]);
  return out;
}

std::vector<FlowCatalogue::Sniff> FlowCatalogue::sniff(const Message& message, std::string_view environment) const {
  std::vector<Sniff> out;
  Facts facts(symbols_, message, environment);
  for (const Entry& entry : entries_) {
    int best = -1;
    for (const Predicate& predicate : entry.recognise)
      if (predicate.holds(facts)) best = std::max(best, weight(predicate));
    if (best >= 0) out.push_back({&entry, best});
  }
  return out;
}

void FlowCatalogue::name_flow(const Message& message, std::string_view environment, bool from_authority,
                              Recognition& recognition) const {
  // Recognised attributes are what the conditions speak of.
  Message seen;
  seen.from = message.from;
  seen.customer = message.customer;
  seen.attributes = recognition.attributes;
  const std::vector<Sniff> sniffed = sniff(seen, environment);

  std::vector<const Entry*> named;
  for (const Sniff& s : sniffed)
    if (s.weight > 0) named.push_back(s.entry);
  const auto weight_of = [&](const Entry* entry) {
    const auto at = std::find_if(sniffed.begin(), sniffed.end(), [&](const Sniff& s) { return s.entry == entry; });
    return at == sniffed.end() ? -1 : at->weight;
  };
  const auto contradicted = [&](const Entry* entry) {
    if (named.empty() || weight_of(entry) >= 0) return false;
    const bool same_authority = std::any_of(named.begin(), named.end(),
                                            [&](const Entry* n) { return n->spec.authority == entry->spec.authority; });
    return !(entry->recognise.empty() && same_authority);
  };
  const auto settle = [&](const Entry* entry) {
    recognition.attributes.set(attribute::flow, entry->spec.flow);
    if (!entry->spec.authority.empty())
      recognition.attributes.set_if_absent(attribute::authority, entry->spec.authority);
  };
  // The one that the content describes most closely, or all that it describes equally closely.
  const auto closest = [&](const std::vector<const Entry*>& among) {
    std::vector<const Entry*> best;
    for (const Entry* entry : among)
      if (best.empty() || weight_of(entry) > weight_of(best.front()))
        best = {entry};
      else if (weight_of(entry) == weight_of(best.front()))
        best.push_back(entry);
    return best;
  };
  const auto settle_or_list = [&](const std::vector<const Entry*>& best) {
    if (best.size() == 1) {
      settle(best.front());
      return;
    }
    recognition.attributes.set("flow.candidates", names(best));
    const std::string& authority = best.front()->spec.authority;
    if (std::all_of(best.begin(), best.end(), [&](const Entry* e) { return e->spec.authority == authority; }) &&
        !authority.empty())
      recognition.attributes.set_if_absent(attribute::authority, authority);
  };

  std::vector<const Entry*> addressed;
  std::string by_address;
  static constexpr std::array<std::string_view, 2> recipients = {"mail.recipient", "mail.to"};
  static constexpr std::array<std::string_view, 1> senders = {"mail.from"};
  const std::span<const std::string_view> tellers =
      from_authority ? std::span<const std::string_view>(senders) : recipients;
  for (const std::string_view name : tellers) {
    for (const std::string& address : addresses_in(recognition.attributes.get(name)))
      for (const Entry* entry : at_address(environment, address))
        if (std::find(addressed.begin(), addressed.end(), entry) == addressed.end()) {
          addressed.push_back(entry);
          by_address = address;
        }
    if (!addressed.empty()) break;  // the envelope is what is true; the header only when there is none
  }

  if (const std::string chosen(recognition.attributes.get(attribute::flow)); !chosen.empty()) {
    const Entry* entry = find(chosen);
    if (!addressed.empty() && std::find(addressed.begin(), addressed.end(), entry) == addressed.end())
      recognition.conflict =
          fmt::format("the flow {} was chosen, but {} is the address of {}", chosen, by_address, names(addressed));
    else if (entry != nullptr && contradicted(entry))
      recognition.conflict = fmt::format("the flow {} was chosen, but the content is that of {}", chosen, names(named));
    if (entry != nullptr) settle(entry);
    return;
  }
  if (!addressed.empty()) {
    std::vector<const Entry*> fitting;
    for (const Entry* entry : addressed)
      if (!contradicted(entry)) fitting.push_back(entry);
    if (fitting.empty())
      recognition.conflict = fmt::format("{} is the address of {}, but the content is that of {}", by_address,
                                         names(addressed), names(named));
    else
      settle_or_list(closest(fitting));
    return;
  }
  if (!named.empty()) settle_or_list(closest(named));
}

}  // namespace sluis::routing
