// sluis messages, show, and what operators do to deliveries.
#include <memory>

#include "gateway/cli/program.h"
#include "gateway/cli/text.h"

namespace sluis::gateway {

namespace {

struct Filters {
  std::string customer, from, to, flow, state, since, until, after;
  bool unrouted = false;
  std::size_t limit = 100;
};

void add_messages(Program& program) {
  const auto f = std::make_shared<Filters>();   // shared: the option and the callback both keep it
  CLI::App& app = program.command("messages", "List messages, newest first", [&program, f] {
    const Json request = {{"command", "messages"}, {"customer", f->customer}, {"from", f->from}, {"to", f->to}, {"flow", f->flow}, {"state", f->state},
                          {"since", f->since}, {"until", f->until}, {"after", f->after}, {"unrouted", f->unrouted}, {"limit", f->limit}};
    return program.ask_and_print(request, messages_text);
  });
  app.add_option("--customer", f->customer, "Only this customer's");
  app.add_option("--from", f->from, "Only those that arrived on this channel");
  app.add_option("--to", f->to, "Only those owed to this channel");
  app.add_option("--flow", f->flow, "Only this flow");
  app.add_option("--state", f->state, "Only those with a delivery in this state");
  app.add_option("--since", f->since, "Only those received since (RFC 3339)");
  app.add_option("--until", f->until, "Only those received before (RFC 3339)");
  app.add_option("--after", f->after, "The next page: older than this message");
  app.add_flag("--unrouted", f->unrouted, "Only messages that wait for a human themselves");
  app.add_option("--limit", f->limit, "At most so many")->check(CLI::Range(1, 10'000))->capture_default_str();
}

void add_show(Program& program) {
  const auto id = std::make_shared<std::string>();
  CLI::App& app = program.command("show", "Show one message: its parts, deliveries, answers and timeline", [&program, id] {
    return program.ask_and_print({{"command", "show"}, {"id", *id}}, story_text);
  });
  app.add_option("ID", *id, "A message's id or a delivery's number")->required();
}

struct Order {
  std::string id, reason;
  bool flag_a = false, flag_b = false;
};

// One command on one delivery. `flags` names up to two switches: option, request field, description.
struct Switch {
  const char* option;
  const char* field;
  const char* description;
};

void add_order(Program& program, const std::string& name, const std::string& description, std::initializer_list<Switch> switches = {}) {
  const auto order = std::make_shared<Order>();
  const std::vector<Switch> all(switches);
  CLI::App& app = program.command(name, description, [&program, order, name, all] {
    Json request = {{"command", name}, {"id", order->id}, {"reason", order->reason}};
    if (!all.empty()) request[all[0].field] = order->flag_a;
    if (all.size() > 1) request[all[1].field] = order->flag_b;
    return program.ask_and_print(request, [name](const Json& answer) { return operated_text(answer, name); });
  });
  app.add_option("ID", order->id, "A delivery's number, or the id of a message with one delivery that fits")->required();
  app.add_option("--reason", order->reason, "Why; kept on the timeline");
  if (!all.empty()) app.add_flag(all[0].option, order->flag_a, all[0].description);
  if (all.size() > 1) app.add_flag(all[1].option, order->flag_b, all[1].description);
}

}  // namespace

void add_message_commands(Program& program) {
  add_messages(program);
  add_show(program);
  add_order(program, "resend", "Send again what is settled, as a new delivery of the same message",
            {{"--as-new", "as_new", "With a new identity on the wire: the peer will see another message"}});
  add_order(program, "release", "Let a held delivery go, or route a held message again");
  add_order(program, "cancel", "Do not send it any more",
            {{"--handled-elsewhere", "handled_elsewhere", "It was submitted another way (emergency procedure)"},
             {"--even-in-doubt", "even_in_doubt", "Also when the peer may have taken it already"}});
  add_order(program, "hold", "Keep a waiting delivery until it is released");
  add_order(program, "go-on", "Open the lane that this refused delivery closed");
  add_order(program, "open-gate", "Open the gates that this delivery waits for");
}

}  // namespace sluis::gateway
