#include "protocols/edifact/answer.h"

#include <utility>

#include "protocols/edifact/envelope.h"

namespace sluis::edifact {

namespace {

// UN/EDIFACT code list 0083.
Action action_of(std::string_view code) {
  if (code == "4" || code == "6") return Action::refused;  // 6: UNB and UNZ rejected
  if (code == "1" || code == "7")
    return Action::accepted;  // 1: with all lower levels; 7: but for what is refused below
  if (code == "8") return Action::received;
  return Action::unknown;
}

Status read_uci(AnswerReferences& answer, const Segment& uci, std::string_view syntax_id) {
  const Status read = read_fields(uci, syntax_id,
                                  {{1, 0, &answer.interchange_reference},
                                   {2, 0, &answer.sender.id},
                                   {2, 1, &answer.sender.qualifier},
                                   {3, 0, &answer.recipient.id},
                                   {3, 1, &answer.recipient.qualifier},
                                   {4, 0, &answer.action_code},
                                   {5, 0, &answer.syntax_error}});
  answer.action = action_of(answer.action_code);
  return read;
}

// UCM 0062, S009, 0083, 0085; UCF 0048, S006, S007, 0083, 0085.
Result<EchoedMessage> read_echo(const Segment& segment, std::string_view syntax_id) {
  EchoedMessage echo;
  const bool message = segment.tag() == "UCM";
  const std::size_t action = message ? 3 : 4;
  Status read =
      read_fields(segment, syntax_id,
                  {{1, 0, &echo.reference}, {action, 0, &echo.action_code}, {action + 1, 0, &echo.syntax_error}});
  if (read && message) read = read_fields(segment, syntax_id, {{2, 0, &echo.type}});
  if (!read) return read.error();
  echo.action = action_of(echo.action_code);
  return echo;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::received: return "received";
    case Action::accepted: return "accepted";
    case Action::refused: return "refused";
    case Action::unknown: break;
  }
  return "unknown";
}

Action AnswerReferences::action_for(std::string_view message_reference) const {
  if (action == Action::refused) return action;
  for (const EchoedMessage& echo : messages)
    if (echo.reference == message_reference) return echo.action;
  return action;
}

Result<std::vector<AnswerReferences>> read_answers(std::string_view octets, const Limits& limits) {
  std::vector<AnswerReferences> answers;
  std::size_t echoes = 0;
  // The reader names a message by the octet of its UNH; its header is complete only at the end.
  const auto answer_of = [&](const MessageHeader& message) -> AnswerReferences& {
    if (answers.empty() || answers.back().message.position != message.position)
      answers.emplace_back().message.position = message.position;
    return answers.back();
  };
  auto interchange =
      walk(octets, limits, [&](MessageHeader& message, const Segment& segment, std::string_view syntax_id) -> Status {
        if (message.type == "CONTRL" && segment.tag() == "UCI") return read_uci(answer_of(message), segment, syntax_id);
        if (message.type == "CONTRL" && (segment.tag() == "UCM" || segment.tag() == "UCF")) {
          if (++echoes > limits.messages)
            return error_at("edifact.limit.messages", "more than " + std::to_string(limits.messages) + " echoes",
                            segment.position);
          auto echo = read_echo(segment, syntax_id);
          if (!echo) return echo.error();
          AnswerReferences& answer = answer_of(message);
          (segment.tag() == "UCM" ? answer.messages : answer.groups).push_back(std::move(*echo));
          return {};
        }
        return read_references(message, segment, syntax_id, limits);
      });
  if (!interchange) return interchange.error();

  std::vector<AnswerReferences> all;
  auto with_echo = answers.begin();
  for (MessageHeader& message : interchange->messages) {
    AnswerReferences answer;
    if (with_echo != answers.end() && with_echo->message.position == message.position) answer = std::move(*with_echo++);
    answer.message = std::move(message);
    all.push_back(std::move(answer));
  }
  return all;
}

}  // namespace sluis::edifact
