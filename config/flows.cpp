#include "config/flows.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "config/conditions.h"
#include "config/table_reader.h"
#include "config/tables.h"
#include "config/values.h"

namespace sluis::config {

namespace {

using routing::FlowSpec;

DuplicateRule rule(std::string_view word) {
  return word == "refuse" ? DuplicateRule::refuse : word == "accept" ? DuplicateRule::accept : DuplicateRule::hold;
}

// One word for both, or { content: …, reference: … }.
void read_duplicate(const Node& node, const Path& at, Report& report, Secrets& secrets, FlowRules& rules) {
  static const TableReader reader(tables::duplicate);
  if (node.is_mapping()) {
    const Settings settings = reader.read(node, at, report, secrets);
    rules = {rule(settings.text("content")), rule(settings.text("reference"))};
    return;
  }
  const SettingSpec word{.name = "duplicate",
                         .type = SettingType::choice,
                         .sentence = "One rule for both.",
                         .choices = tables::duplicate_rules};
  if (const auto value = read_value(word, node, at, report, secrets)) {
    const DuplicateRule both = rule(std::get<std::string>(*value));
    rules = {both, both};
  }
}

std::optional<FlowSpec> read_flow(const Node& node, const Path& at, Report& report, Secrets& secrets,
                                  const std::vector<FlowSpec>& earlier) {
  static const TableReader reader(tables::flow);
  const Settings settings = reader.read(node, at, report, secrets);
  FlowSpec flow;
  flow.place = report.place(node);
  flow.flow = settings.text("flow");
  flow.authority = settings.text("authority");
  flow.name = settings.text("name");
  flow.direction = settings.text("direction");
  flow.media_type = settings.text("media-type");
  flow.lane = settings.text("lane");
  for (const std::string_view environment : tables::environments)
    if (const std::string setting = "address." + std::string(environment); settings.has(setting))
      flow.address.emplace(environment, settings.text(setting));
  if (const Node* recognise = node.find("recognise");
      recognise != nullptr && expect_list(*recognise, Path(at, "recognise"), report))
    for (const Node& item : recognise->children)
      if (auto condition = read_condition(item, Path(at, "recognise"), report))
        flow.recognise.push_back(*std::move(condition));
  const auto before =
      std::find_if(earlier.begin(), earlier.end(), [&](const FlowSpec& f) { return f.flow == flow.flow; });
  if (before != earlier.end()) flow.rules = before->rules;
  if (const Node* duplicate = node.find("duplicate"))
    read_duplicate(*duplicate, Path(at, "duplicate"), report, secrets, flow.rules);
  if (flow.flow.empty()) return std::nullopt;
  return flow;
}

}  // namespace

bool read_flows(const Document& document, Secrets& secrets, std::vector<LocatedError>& errors,
                std::vector<FlowSpec>& flows) {
  if (!document.understood) return false;
  Report report(document.file, errors);
  const std::size_t before = report.count();
  const Node* list = only_member(document.root, tables::flows, report);
  const Path at("flows");
  if (list == nullptr || !expect_list(*list, at, report)) return report.count() == before;
  bool all_named = report.count() == before;
  for (const Node& item : list->children) {
    auto flow = expect_mapping(item, at, report) ? read_flow(item, at, report, secrets, flows) : std::nullopt;
    if (flow)
      flows.push_back(*std::move(flow));
    else
      all_named = false;
  }
  return all_named;
}

}  // namespace sluis::config
