#include "gateway/cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sluis::gateway {

namespace {

std::string field(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) return {};
  if (at->is_string()) return plain(at->get<std::string>());
  return plain(dump(*at));
}

// "2026-11-26T10:47:58.123Z" → "2026-11-26 10:47:58"
std::string minute_text(const std::string& at) { return at.size() >= 19 ? at.substr(0, 10) + " " + at.substr(11, 8) : at; }
std::string clock_text(const std::string& at) { return at.size() >= 23 ? at.substr(11, 12) : at; }

std::string delivery_line(const Json& d) {
  std::string state = field(d, "state");
  if (d.value("deferred", false)) state += " (deferred)";
  if (d.value("in_doubt", false)) state += ", in doubt";
  std::string to = field(d, "channel");
  if (const std::string address = field(d, "address"); !address.empty()) to += " → " + address;
  return fmt::format("{}  {}", to, state);
}

// A table with columns as wide as their widest cell; the last column is not padded.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += i + 1 == row.size() ? row[i] : fmt::format("{:{}}  ", row[i], widths[i]);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7F) out += fmt::format("\\x{:02x}", u);
    else out += c;
  }
  return out;
}

std::string messages_text(const Json& answer) {
  std::vector<std::vector<std::string>> rows{{"MESSAGE", "RECEIVED", "FROM", "CUSTOMER", "FLOW", "DELIVERIES"}};
  for (const Json& m : answer.at("messages")) {
    std::string deliveries;
    for (const Json& d : m.at("deliveries")) deliveries += (deliveries.empty() ? "" : "; ") + delivery_line(d);
    if (const std::string held = field(m, "held"); !held.empty()) deliveries = "held: " + held;
    rows.push_back({field(m, "message"), minute_text(field(m, "received_at")), field(m, "from"), field(m, "customer"),
                    field(m.at("attributes"), "flow"), deliveries});
  }
  if (rows.size() == 1) return "no messages\n";
  return table(rows);
}

std::string story_text(const Json& answer) {
  struct Line {
    std::string at;
    std::size_t order;
    std::string label, event, text;
  };
  std::string out;
  std::vector<Line> lines;
  std::size_t index = 0;
  if (const auto stone = answer.find("tombstone"); stone != answer.end()) {
    out += fmt::format("message {}\n  purged     {} UTC; what is left: its timeline had {} entries, the last with chain value {}\n",
                       field(*stone, "message"), minute_text(field(*stone, "purged_at")), field(*stone, "entries"), field(*stone, "chain"));
    if (answer.at("messages").empty()) return out;
  }
  const bool several = answer.at("messages").size() > 1;
  for (const Json& m : answer.at("messages")) {
    const std::string label = several ? fmt::format("[{}]", index + 1) : "";
    out += fmt::format("message {}{}{}\n", label.empty() ? "" : label + " ", field(m, "message"),
                       m.contains("in_reply_to") ? "  in reply to " + field(m, "in_reply_to") : "");
    std::string from = field(m, "from");
    out += fmt::format("  received   {} UTC{}, customer {}\n", minute_text(field(m, "received_at")), from.empty() ? "" : " from " + from,
                       field(m, "customer").empty() ? "unknown" : field(m, "customer"));
    if (const std::string flow = field(m.at("attributes"), "flow"); !flow.empty()) out += fmt::format("  flow       {}\n", flow);
    if (const std::string ref = field(m.at("attributes"), "reference"); !ref.empty()) out += fmt::format("  reference  {}\n", ref);
    if (const std::string held = field(m, "held"); !held.empty()) out += fmt::format("  held       {}\n", held);
    for (const Json& p : m.at("parts"))
      out += fmt::format("  part       {} {} {} {} octets, sha256 {}{}\n", field(p, "role"), field(p, "file_name"), field(p, "media_type"),
                         p.value("size", 0), field(p, "sha256").substr(0, 16), m.value("purged_bodies", false) ? ", purged" : "");
    for (const Json& d : m.at("deliveries")) {
      out += fmt::format("  delivery   {}  {}, attempt {}\n", field(d, "delivery"), delivery_line(d), d.value("attempt", 0));
      if (const std::string reason = field(d, "reason"); !reason.empty()) out += fmt::format("             {}\n", reason);
      if (d.contains("behind")) out += fmt::format("             behind delivery {}, in lane {}\n", field(d, "behind"), field(d, "lane"));
      for (const Json& gate : d.value("gates", Json::array())) out += fmt::format("             behind gate {}\n", plain(gate.get<std::string>()));
      if (d.value("lane_closed", false)) out += fmt::format("             lane {} waits until go-on\n", field(d, "lane"));
      if (d.contains("receipt") && !field(d.at("receipt"), "text").empty()) out += fmt::format("             receipt: {}\n", field(d.at("receipt"), "text"));
      if (const std::string identity = field(d, "identity"); !identity.empty()) out += fmt::format("             identity: {}\n", identity);
    }
    for (const Json& t : m.at("timeline")) {
      std::string text = field(t, "text");
      if (t.contains("delivery")) text = fmt::format("delivery {}: {}", field(t, "delivery"), text);
      lines.push_back({field(t, "at"), lines.size(), label, field(t, "event"), text});
    }
    ++index;
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.at < b.at; });
  std::vector<std::vector<std::string>> rows;
  std::string day;
  out += "timeline\n";
  for (const Line& line : lines) {
    if (line.at.substr(0, 10) != day) {
      day = line.at.substr(0, 10);
      out += table(rows) + "  " + day + "\n";
      rows.clear();
    }
    std::vector<std::string> row{"  " + clock_text(line.at)};
    if (several) row.push_back(line.label);
    row.push_back(line.event);
    row.push_back(line.text);
    rows.push_back(std::move(row));
  }
  return out + table(rows);
}

std::string incidents_text(const Json& answer) {
  std::vector<std::vector<std::string>> rows{{"OPENED", "SEVERITY", "INCIDENT", "CUSTOMER", "COUNT", "WHAT"}};
  for (const Json& i : answer.at("incidents"))
    rows.push_back({minute_text(field(i, "opened_at")), i.contains("closed_at") ? "closed" : field(i, "severity"), field(i, "key"), field(i, "customer"),
                    field(i, "count"), field(i, "text")});
  if (rows.size() == 1) return "no incidents\n";
  return table(rows);
}

std::string status_text(const Json& answer) {
  std::string out = fmt::format("gateway {} {}, process {}, since {} UTC, configuration generation {}, {} customers\n", field(answer, "gateway"),
                                field(answer, "version"), field(answer, "pid"), minute_text(field(answer, "started_at")),
                                field(answer, "generation"), field(answer, "customers"));
  if (const std::string trouble = field(answer, "trouble"); !trouble.empty()) out += "NOT ACCEPTING: " + trouble + "\n";
  std::vector<std::vector<std::string>> rows{{"CHANNEL", "KIND", "ENVIRONMENT", "HEALTH", ""}};
  for (const Json& c : answer.at("channels")) {
    std::string text = field(c, "text");
    if (const auto window = c.find("maintenance"); window != c.end())
      text = fmt::format("maintenance until {} UTC: {}{}{}", minute_text(field(*window, "until")), field(*window, "reason"), text.empty() ? "" : "; ", text);
    rows.push_back({field(c, "channel"), field(c, "kind"), field(c, "environment"), field(c, "health"), text});
  }
  out += table(rows);
  rows = {{"LISTENER", "ADDRESS", "TLS", "STATE", "CONNECTIONS", ""}};
  for (const Json& l : answer.value("listeners", Json::array()))
    rows.push_back({field(l, "listener"), field(l, "address"), l.value("tls", false) ? "yes" : "no", l.value("listening", false) ? "up" : "down",
                    field(l, "connections"), field(l, "text")});
  if (rows.size() > 1) out += table(rows);
  rows = {{"PAUSED", "CUSTOMER", "FLOW", "SINCE", "UNTIL", "BY", "REASON"}};
  for (const Json& p : answer.value("pauses", Json::array()))
    rows.push_back({field(p, "channel"), p.contains("customer") ? field(p, "customer") : "all", p.contains("flow") ? field(p, "flow") : "all",
                    minute_text(field(p, "since")), p.contains("until") ? minute_text(field(p, "until")) : "resumed", field(p, "by"), field(p, "reason")});
  if (rows.size() > 1) out += table(rows);
  rows = {{"QUEUE", "STATE", "COUNT", "OLDEST"}};
  for (const Json& q : answer.at("queues"))
    rows.push_back({field(q, "channel"), field(q, "state"), field(q, "count"), minute_text(field(q, "oldest"))});
  if (rows.size() > 1) out += table(rows);
  return out;
}

std::string probe_text(const Json& answer, bool colour) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& s : answer.at("steps")) {
    const bool passed = s.value("ok", false);
    const std::string mark = passed ? (colour ? "\x1b[32mok\x1b[0m    " : "ok    ") : (colour ? "\x1b[31mFAILED\x1b[0m" : "FAILED");
    rows.push_back({mark, field(s, "step"), field(s, "text")});
  }
  return table(rows);
}

std::string verify_text(const Json& answer) {
  const Json& report = answer.at("report");
  std::string out;
  for (const Json& f : report.at("findings")) out += fmt::format("{}: {}\n", field(f, "where"), field(f, "what"));
  out += fmt::format("{} messages, {} timeline entries, {} tombstones, {} seals: {}\n", field(report, "messages"), field(report, "entries"),
                     field(report, "tombstones"), field(report, "seals"),
                     report.at("findings").empty() ? "all as written" : fmt::format("{} findings", report.at("findings").size()));
  return out;
}

std::string operated_text(const Json& answer, std::string_view command) {
  std::string out = fmt::format("{}: {}", command, answer.value("already", false) ? "done before" : "done");
  if (answer.contains("delivery")) out += ", delivery " + field(answer, "delivery");
  for (const Json& created : answer.value("created", Json::array()))
    if (!answer.contains("delivery") || created != answer.at("delivery")) out += ", delivery " + plain(dump(created));
  return out + "\n";
}

}  // namespace sluis::gateway
