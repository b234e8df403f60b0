// What operators and the engine's own timers do.
#include <fmt/format.h>

#include "store/sqlite/gates.h"
#include "store/sqlite/incidents.h"
#include "store/sqlite/lanes.h"
#include "store/sqlite/message_rows.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

namespace {

class Operation {
 public:
  Operation(Work& work, const Operate& command) : work_(work), command_(command) {}

  CommandResult run() {
    if (command_.consumes && !consume_wakeup(work_, *command_.consumes))
      return Error{"wakeup.gone", "another has acted on this timer"};
    if (auto done = std::visit([this](const auto& what) { return on(what); }, command_.what); !done.ok())
      return done.error();
    for (const IncidentChange& change : command_.incidents) change_incident(work_, change);
    return CommandValue{std::move(operated_)};
  }

 private:
  // The delivery it is about, or an error.
  Status load() {
    if (!command_.delivery) return Error{"delivery.unknown", "no delivery was named"};
    auto row = load_delivery(work_.db, *command_.delivery);
    if (!row) return Error{"delivery.unknown", fmt::format("there is no delivery {}", number(*command_.delivery))};
    row_ = std::move(*row);
    operated_.delivery = row_.id;
    return {};
  }

  Error state_error(std::string_view doing) const {
    return Error{"delivery.state",
                 fmt::format("delivery {} is {}: it cannot be {}", number(row_.id), to_string(row_.state), doing)};
  }

  void write(const MessageId& message, std::string_view event, std::optional<DeliveryId> delivery,
             std::string_view text, Attributes details = {}) {
    if (!command_.by.empty()) details.set("by", command_.by);
    add_entry(work_, message, {command_.at, std::string(event), delivery, std::string(text), std::move(details)});
  }

  // One push of one delivery, the common shape.
  void push(DeliveryState next, std::string_view event, std::string_view otherwise) {
    row_.reason = command_.reason.empty() ? std::string(otherwise) : command_.reason;
    change_state(work_, row_, next, command_.at);
    write(row_.message, event, row_.id, row_.reason);
  }

  // Named by message: every delivery of it for which `one` says it can; at least one must.
  template <class Can, class One>
  Status each(const Can& can, const One& one, std::string_view doing) {
    if (command_.delivery) {
      if (auto loaded = load(); !loaded.ok()) return loaded;
      return one();
    }
    if (!command_.message) return Error{"delivery.unknown", "neither a delivery nor a message was named"};
    bool any = false;
    for (const DeliveryRow& before : load_deliveries(work_.db, *command_.message)) {
      auto row = load_delivery(work_.db, before.id);  // an earlier one of this loop may have moved it in its lane
      if (!row || !can(*row)) continue;
      row_ = std::move(*row);
      if (auto done = one(); !done.ok()) return done;
      any = true;
    }
    if (!any)
      return Error{"delivery.state",
                   fmt::format("message {} has no delivery that can be {}", command_.message->text(), doing)};
    return {};
  }

  Status on(const Operate::Release&) {
    return each([](const DeliveryRow& row) { return row.state == DeliveryState::held; },
                [this]() -> Status {
                  if (!allowed(row_.state, Push::release, false)) return state_error("released");
                  row_.due_at = command_.at;
                  // Its place in the lane and its gates outlive the hold.
                  const bool free = !row_.behind && !has_gates(work_.db, row_.id);
                  push(free ? follow(row_.state, Push::release, false) : DeliveryState::blocked, "released",
                       "released");
                  return {};
                },
                "released");
  }

  Status on(const Operate::Cancel& cancel) {
    if (!command_.delivery && command_.message && unhold_message("cancelled")) return {};
    return each([](const DeliveryRow& row) { return !is_final(row.state); },
                [this, &cancel]() -> Status {
                  if (row_.state == DeliveryState::sending)
                    return Error{"delivery.sending",
                                 fmt::format("delivery {} is with the peer now; try again when the attempt has ended",
                                             number(row_.id))};
                  if (!allowed(row_.state, Push::cancel, false)) return state_error("cancelled");
                  if (row_.state == DeliveryState::cancelled) {
                    operated_.already = true;
                    return {};
                  }
                  if (row_.in_doubt && !cancel.even_in_doubt)
                    return Error{"delivery.in-doubt",
                                 fmt::format("the peer may have taken delivery {}; cancelling it takes nothing back",
                                             number(row_.id))};
                  push(follow(row_.state, Push::cancel, false), "cancelled",
                       cancel.handled_elsewhere ? "handled elsewhere" : "cancelled");
                  return {};
                },
                "cancelled");
  }

  Status on(const Operate::Hold&) {
    return each(
        [](const DeliveryRow& row) {
          return row.state == DeliveryState::queued || row.state == DeliveryState::blocked;
        },
        [this]() -> Status {
          if (!allowed(row_.state, Push::hold, false)) return state_error("held");
          if (row_.state == DeliveryState::held) {
            operated_.already = true;
            return {};
          }
          push(DeliveryState::held, "held", "held");
          return {};
        },
        "held");
  }

  Status on(const Operate::Expire&) {
    if (auto loaded = load(); !loaded.ok()) return loaded;
    if (row_.state == DeliveryState::sending)
      return Error{"delivery.sending", fmt::format("delivery {} is with the peer now", number(row_.id))};
    if (!allowed(row_.state, Push::expire, false)) return state_error("expired");
    if (row_.state == DeliveryState::expired) {
      operated_.already = true;
      return {};
    }
    push(DeliveryState::expired, "expired", "not settled in time");
    return {};
  }

  Status on(const Operate::Requeue& requeue) {
    if (auto loaded = load(); !loaded.ok()) return loaded;
    if (!allowed(row_.state, Push::requeue, false)) return state_error("queued again");
    row_.due_at = requeue.due_at;
    row_.in_doubt = true;
    push(follow(row_.state, Push::requeue, false), "requeued", "the proof did not come in time");
    return {};
  }

  Status on(const Operate::OpenGate&) {
    if (auto loaded = load(); !loaded.ok()) return loaded;
    if (!open_gates_of(work_, row_, command_.at)) {
      operated_.already = true;
      return {};
    }
    write(row_.message, "gate-opened", row_.id, command_.reason.empty() ? "all gates were opened" : command_.reason);
    return {};
  }

  Status on(const Operate::GoOn&) {
    if (auto loaded = load(); !loaded.ok()) return loaded;
    if (!open_lane(work_, row_, command_.at)) {
      operated_.already = true;
      return {};
    }
    write(row_.message, "lane-opened", row_.id,
          command_.reason.empty() ? "its lane goes on without it" : command_.reason);
    return {};
  }

  Status on(const Operate::Resend& resend) {
    if (auto loaded = load(); !loaded.ok()) return loaded;
    if (!is_final(row_.state))
      return Error{"delivery.open",
                   fmt::format("delivery {} is {}: it is still on its way", number(row_.id), to_string(row_.state))};
    if (row_.resent_as) {
      const auto earlier = load_delivery(work_.db, *row_.resent_as);
      if (earlier && !is_final(earlier->state)) {
        operated_.delivery = earlier->id;
        operated_.already = true;
        return {};
      }
    }
    {
      Query purged(work_.db, "SELECT 1 FROM messages WHERE id = ? AND bodies = 0");
      if (purged.with(row_.message).next())
        return Error{"content.gone", "the message's bodies were purged: there is nothing to send again"};
    }
    const auto fixed = unpack_fixed(row_.fixed);
    if (!fixed)
      return Error{"delivery.corrupt",
                   fmt::format("the record of delivery {} does not match its checksum", number(row_.id))};
    NewDelivery made;
    made.destination = {row_.channel, fixed->account, fixed->address};
    made.customer = row_.customer;
    made.route = fixed->route;
    made.policy = fixed->policy;
    made.identity = resend.as_new ? *resend.as_new : fixed->identity;
    made.options = fixed->options;
    made.lane = fixed->lane;
    made.lane_first = row_.lane_closed;  // sent again, it is the replacement its closed lane waits for
    made.due_at = command_.at;
    made.settled_by_answer = row_.settled_by_answer;
    made.lane_closes_on_refusal = row_.lane_closes;
    made.report = row_.report;
    for (Wakeup wakeup : fixed->wakeups) {
      wakeup.at += command_.at - row_.created_at;
      made.wakeups.push_back(wakeup);
    }
    const DeliveryId id =
        make_delivery(work_, row_.message, made, command_.at, row_.id, row_.in_doubt && !resend.as_new);
    row_.resent_as = id;
    save_delivery(work_, row_);
    operated_.delivery = id;
    operated_.created.push_back(id);
    write(row_.message, "resent", row_.id, command_.reason.empty() ? "sent again" : command_.reason,
          {{"as", std::to_string(number(id))}, {"identity", resend.as_new ? "new" : "inherited"}});
    return {};
  }

  bool unhold_message(std::string_view event) {
    bool held = false;
    change_message_row(work_.db, *command_.message, [&held](MessageColumns& columns) {
      held = columns.held.has_value();
      columns.held.reset();
    });
    if (!held) return false;
    write(*command_.message, event, std::nullopt, command_.reason.empty() ? event : std::string_view{command_.reason});
    return true;
  }

  Status on(const Operate::RouteHeld& routed) {
    if (!command_.message) return Error{"message.unknown", "no message was named"};
    if (!unhold_message("routed"))
      return Error{"message.state", fmt::format("message {} does not wait to be routed", command_.message->text())};
    if (!routed.customer.empty())
      change_message_row(work_.db, *command_.message,
                         [&routed](MessageColumns& columns) { columns.customer = routed.customer; });
    for (const NewDelivery& made : routed.deliveries)
      operated_.created.push_back(make_delivery(work_, *command_.message, made, command_.at));
    return {};
  }

  Status on(const Operate::Note& note) {
    std::optional<MessageId> message = command_.message;
    if (command_.delivery) {
      if (auto loaded = load(); !loaded.ok()) return loaded;
      message = row_.message;
    }
    if (!message || !timeline_head(work_.db, *message)) return Error{"message.unknown", "there is no such message"};
    if (note.once) {
      Query query(work_.db, "SELECT entry FROM timeline WHERE message = ?");
      query.with(*message);
      while (query.next()) {
        const auto entry = unpack_entry(query.bytes(0));
        if (entry && entry->event == "note" && entry->text == command_.reason && entry->delivery == command_.delivery) {
          operated_.already = true;
          return {};
        }
      }
    }
    write(*message, "note", command_.delivery, command_.reason);
    return {};
  }

  Status on(const Operate::Consume&) { return {}; }

  Work& work_;
  const Operate& command_;
  DeliveryRow row_;
  Operated operated_;
};

}  // namespace

CommandResult apply_operate(Work& work, const Operate& operate) {
  return Operation(work, operate).run();
}

}  // namespace sluis::sqlite
