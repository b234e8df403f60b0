#include "adapters/digipoort/sandbox/submissions.h"

#include <algorithm>
#include <utility>

#include "adapters/sandbox/durable.h"
#include "core/runtime/digest.h"
#include "protocols/mime/builder.h"
#include "protocols/mime/message.h"

namespace sluis::sandbox::digipoort {
namespace {

struct Mail {
  std::string message_id;
  std::string payload;
  std::string unreadable;  // why there is no payload
};

Mail read_mail(std::string_view octets) {
  Mail out;
  const auto message = mime::parse_message(octets);
  if (!message) {
    out.unreadable = message.error().what;
    return out;
  }
  if (const std::string* field = message->root.headers.find("Message-ID")) {
    const auto ids = mime::parse_message_ids(*field);
    if (!ids.empty()) out.message_id = ids.front();
  }
  const auto parts = mime::payload_parts(message->root);
  if (parts.empty())
    out.unreadable = "the mail carries nothing";
  else
    out.payload = parts.front()->body;
  return out;
}

// Twelve capital letters and digits out of the random end of a UUID.
std::string serial_of(const std::string& id) {
  std::string serial = id.substr(id.size() - 12);
  std::transform(serial.begin(), serial.end(), serial.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return serial;
}

std::string text_of(const Event& event, const char* name) {
  const auto at = event.find(name);
  return at != event.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

Result<std::unique_ptr<Submissions>> Submissions::open(const Frame& frame, const SubmissionSettings& settings) {
  std::unique_ptr<Submissions> all(new Submissions(frame, settings));
  if (const Status made = make_folder(frame.state / "received"); !made) return made.error();
  auto ledger = Ledger::open(frame.state, frame.clock, [&](const Event& event) { all->read(event); });
  if (!ledger) return ledger.error();
  all->ledger_ = std::move(ledger).value();
  return all;
}

void Submissions::read(const Event& event) {
  const std::string name = text_of(event, "event");
  const std::string id = text_of(event, "mail");
  if (name == "received") {
    const std::string message_id = text_of(event, "message_id");
    seen_.insert(message_id.empty() ? text_of(event, "mail_sha256") : message_id);
    ++received_;
    if (event.value("duplicate", false)) {
      ++duplicates_;
      return;
    }
    open_[id] = {id, text_of(event, "account"), text_of(event, "from"), message_id};
  } else if (name == "answered") {
    ++answers_;
    answered_[id].insert(text_of(event, "answer"));
    if (event.value("last", false)) open_.erase(id);
  } else if (name == "unanswered") {
    open_.erase(id);
  }
}

void Submissions::start(Maildrops& maildrops) {
  maildrops_ = &maildrops;
  const auto left = std::exchange(open_, {});
  const auto answered = std::exchange(answered_, {});
  for (const auto& [id, received] : left) {
    const auto octets = read_file(frame_.state / "received" / (id + ".eml"));
    if (!octets) {
      note(octets.error());
      continue;
    }
    const Mail mail = read_mail(*octets);
    auto answers = std::make_shared<Answers>(*answers_for(received, mail.payload, false));
    if (const auto done = answered.find(id); done != answered.end())
      std::erase_if(answers->answers, [&](const Answer& answer) { return done->second.contains(answer.name); });
    send_all(received, answers, true);
  }
}

Result<Taken> Submissions::take(const Submission& submission) {
  const Mail mail = read_mail(submission.mail);
  const std::string digest = to_hex(sha256(submission.mail));
  const Received received{frame_.ids.next().text(), submission.account, submission.mailbox, mail.message_id};
  const bool refuse = frame_.misbehaviour.at("answer:refuse").has_value();
  const auto answers = answers_for(received, mail.payload, refuse);

  if (const Status kept = write_durably(frame_.state / "received" / (received.id + ".eml"), submission.mail); !kept)
    return kept.error();
  bool duplicate = false;
  {
    const std::lock_guard lock(mutex_);
    duplicate = !seen_.insert(mail.message_id.empty() ? digest : mail.message_id).second;
  }
  Event recipients = Event::array();
  for (const smtp::Recipient& recipient : submission.envelope.recipients) recipients.push_back(recipient.address);
  Event line{{"mail", received.id},
             {"account", submission.account},
             {"from", submission.envelope.reverse_path},
             {"to", recipients},
             {"envid", submission.envelope.envid},
             {"message_id", mail.message_id},
             {"mail_sha256", digest},
             {"payload_sha256", mail.unreadable.empty() ? to_hex(sha256(mail.payload)) : ""},
             {"reference", answers->reference},
             {"duplicate", duplicate}};
  if (!mail.unreadable.empty()) line["unreadable"] = mail.unreadable;
  if (const Status noted = ledger_->append("received", std::move(line)); !noted) return noted.error();
  {
    const std::lock_guard lock(mutex_);
    ++received_;
    if (duplicate) ++duplicates_;
  }

  Taken taken{"Ok: queued as " + received.id};
  if (duplicate) return taken;
  if (frame_.misbehaviour.at("answer:none")) {
    leave_unanswered(received, "misbehaves on request");
  } else if (frame_.misbehaviour.at("answer:early")) {
    send_all(received, answers, false);
  } else {
    taken.afterwards = [this, received, answers] { send_all(received, answers, true); };
  }
  return taken;
}

std::shared_ptr<const Answers> Submissions::answers_for(const Received& received, std::string_view payload,
                                                        bool refuse) const {
  return std::make_shared<const Answers>(answers_to(payload, {frame_.clock.wall(), serial_of(received.id), refuse}));
}

void Submissions::send_all(const Received& received, const std::shared_ptr<const Answers>& answers, bool wait) {
  if (answers->answers.empty()) return leave_unanswered(received, answers->why_none);
  for (std::size_t i = 0; i < answers->answers.size(); ++i) {
    if (!wait || answers->answers[i].at_once) {
      send(received, *answers, i);
      continue;
    }
    // A timer or a task that the end of the program drops is made up for by start().
    net::EventLoop& loop = frame_.loops.next();
    loop.schedule_after(settings_.answer_after, [this, received, answers, i] {
      static_cast<void>(frame_.pool.post([this, received, answers, i] { send(received, *answers, i); }));
    });
  }
}

void Submissions::send(const Received& received, const Answers& answers, std::size_t index) {
  const Answer& answer = answers.answers[index];
  const std::string mailbox = settings_.shared_mailbox.empty() ? received.mailbox : settings_.shared_mailbox;
  auto mail = mail_of(received, mailbox, answer);
  if (!mail) return leave_unanswered(received, mail.error().what);
  const auto uidl = maildrops_->deliver(mailbox, std::move(mail).value());
  if (!uidl) return note(uidl.error());
  {
    const std::lock_guard lock(mutex_);
    ++answers_;
  }
  note(ledger_->append("answered", {{"mail", received.id},
                                    {"answer", answer.name},
                                    {"mailbox", mailbox},
                                    {"uidl", *uidl},
                                    {"reference", answers.reference},
                                    {"payload_sha256", to_hex(sha256(answer.payload))},
                                    {"last", index + 1 == answers.answers.size()}}));
}

void Submissions::leave_unanswered(const Received& received, const std::string& why) {
  note(ledger_->append("unanswered", {{"mail", received.id}, {"reason", why}}));
}

void Submissions::note(const Status& done) {
  if (!done) frame_.log.error("sandbox.answer", done.error().what);
}

Result<std::string> Submissions::mail_of(const Received& received, const std::string& mailbox,
                                         const Answer& answer) const {
  const auto to = mime::parse_addr_spec(mailbox);
  if (!to) return to.error();
  mime::MailSpec spec;
  spec.from = {"", "noreply", settings_.hostname};
  spec.to = {*to};
  spec.date = frame_.clock.wall();
  spec.message_id = received.id + "." + answer.name + "@" + settings_.hostname;
  spec.subject = answer.name;
  if (!received.message_id.empty())
    spec.extra = {{"In-Reply-To", "<" + received.message_id + ">"}, {"References", "<" + received.message_id + ">"}};
  spec.parts = {{answer.media_type, "", answer.file_name, true}};
  return mime::build_mail(spec, {answer.payload});
}

Event Submissions::counts() const {
  const std::lock_guard lock(mutex_);
  return {{"received", received_}, {"duplicates", duplicates_}, {"answers", answers_}};
}

}  // namespace sluis::sandbox::digipoort
