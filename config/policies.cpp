#include "config/policies.h"

#include <fmt/format.h>

#include <utility>

#include "config/table_reader.h"
#include "config/tables.h"
#include "config/values.h"

namespace sluis::config {

namespace {

void check_step_channel(const Node& step, const std::string& to, const Path& at, const Channels& channels,
                        Report& report) {
  const Node* node = step.find("to");
  if (node == nullptr || to.empty() || channels.doubtful(to)) return;
  const KnownChannel* channel = channels.find(to);
  if (channel == nullptr)
    report.at(*node, Path(at, "to"), channels.no_such(to));
  else if (!channel->kind->sends)
    report.at(*node, Path(at, "to"), fmt::format("channel \"{}\" only receives; nothing can be sent to it", to));
}

void read_escalation(const Node& list, const Path& at, const Channels& channels, Report& report, Secrets& secrets,
                     Policy& policy) {
  static const TableReader reader(tables::escalation);
  if (!expect_list(list, at, report)) return;
  for (const Node& item : list.children) {
    if (!expect_mapping(item, at, report)) continue;
    const Settings settings = reader.read(item, at, report, secrets);
    EscalationStep step;
    step.after = settings.duration("after");
    step.to = settings.text("to");
    step.address = settings.text("address");
    step.with_original = settings.boolean("with-original");
    if (const Node* text = item.find("text"))
      if (auto words = read_long_text(*text, Path(at, "text"), report)) step.text = *std::move(words);
    check_step_channel(item, step.to, at, channels, report);
    // Steps are taken in their order, in one lane: an earlier one further down would wait for those above it.
    if (const Node* after = item.find("after"); after != nullptr && settings.has("after") && !policy.escalate.empty() &&
                                                step.after < policy.escalate.back().after)
      report.at(*after, Path(at, "after"),
                fmt::format("{} is before the step above it ({})", format_duration(step.after),
                            format_duration(policy.escalate.back().after)));
    policy.escalate.push_back(std::move(step));
  }
}

Policy read_policy(const Node& node, const Path& at, const Channels& channels, Report& report, Secrets& secrets) {
  static const TableReader reader(tables::policy);
  const Settings s = reader.read(node, at, report, secrets);
  Policy policy;
  policy.retry_first = s.duration("retry.first");
  policy.retry_most = s.duration("retry.most");
  policy.retry_factor = s.number("retry.factor");
  policy.retry_jitter = s.number("retry.jitter");
  policy.expire_after = s.duration("expire");
  policy.attempts_most = static_cast<int>(s.integer("attempts"));
  policy.in_doubt = s.text("in-doubt") == "hold" ? Policy::InDoubt::hold : Policy::InDoubt::retry;
  policy.settled_by = s.text("settled-by") == "answer" ? Policy::SettledBy::answer : Policy::SettledBy::receipt;
  policy.after_refusal = s.text("after-refusal") == "hold" ? Policy::AfterRefusal::hold : Policy::AfterRefusal::go_on;
  if (s.has("reply-within")) policy.reply_within = s.duration("reply-within");
  policy.proof_within = s.duration("proof-within");
  policy.escalation_stops_original = s.boolean("escalation-stops-original");
  if (s.has("report")) {
    policy.report.clear();
    for (const std::string& word : s.list("report"))
      if (const auto state = parse_delivery_state(word)) policy.report.push_back(*state);
  }
  const Path retry(at, "retry");
  if (policy.retry_most < policy.retry_first)
    if (const Node* group = node.find("retry"))
      report.at_key(*group, retry,
                    fmt::format("most ({}) is less than first ({})", format_duration(policy.retry_most),
                                format_duration(policy.retry_first)));
  if (const Node* escalate = node.find("escalate"))
    read_escalation(*escalate, Path(at, "escalate"), channels, report, secrets, policy);
  return policy;
}

}  // namespace

PoliciesFile read_policies(const Document& document, const Channels& channels, Secrets& secrets,
                           std::vector<LocatedError>& errors) {
  PoliciesFile out;
  Policy standard;
  standard.name = "default";
  out.policies.emplace("default", std::move(standard));
  out.all_named = document.understood;
  if (!document.understood) return out;
  Report report(document.file, errors);
  const std::size_t before = report.count();
  const Path at("policies");
  const Node* policies = only_member(document.root, tables::policies, report);
  if (policies == nullptr) {
    out.all_named = report.count() == before;
    return out;
  }
  if (!policies->is_mapping() && !expect_list(*policies, at, report)) {
    out.all_named = false;
    return out;
  }
  std::map<std::string, Place> places;
  for (const Node& item : policies->children) {
    const Path here = policies->is_mapping() ? Path(at, item.key) : at;
    std::optional<std::string> name;
    if (expect_mapping(item, here, report)) {
      const Node* word = item.find("policy");
      if (word == nullptr && policies->is_list()) report.at(item, Path(here, "policy"), "is required");
      if (word != nullptr && is_name(word->text)) name = word->text;  // what is no name, the table reports
      if (policies->is_mapping()) {
        if (!is_name(item.key))
          report.at_key(item, here, name_rule);
        else if (name && *name != item.key)
          report.at(*word, Path(here, "policy"), fmt::format("\"{}\" stands under the name \"{}\"", *name, item.key));
        name = item.key;
      }
      Policy policy = read_policy(item, here, channels, report, secrets);
      if (name) {
        policy.name = *name;
        const Place place = report.key_place(item);
        if (const auto [first, fresh] = places.emplace(*name, place); fresh)
          out.policies.insert_or_assign(*name, std::move(policy));
        else
          report.at(word != nullptr ? *word : item, Path(here, "policy"),
                    fmt::format("policy \"{}\" is already at {}", *name, first->second.text()));
      }
    }
    if (!name) out.all_named = false;
  }
  return out;
}

}  // namespace sluis::config
