// Registers the other side of Digipoort: SMTP-MSA in, POP3 out (digipoort.md §1).
#include "adapters/sandbox/side.h"

#include <algorithm>

#include "adapters/digipoort/sandbox/submissions.h"
#include "adapters/sandbox/msa_server.h"
#include "adapters/sandbox/pop_server.h"

namespace sluis::sandbox::digipoort {
namespace {

class DigipoortSide final : public Side {
 public:
  Result<Event> start(const Frame& frame, const SideValues& options) override;
  void stop() override {
    msa_->stop();
    pop_->stop();
  }
  [[nodiscard]] Event status() const override {
    Event all = submissions_->counts();
    all["waiting"] = maildrops_->waiting();
    return all;
  }

 private:
  Status open_servers(const Frame& frame, const SideValues& options);

  Accounts accounts_;
  std::unique_ptr<Submissions> submissions_;
  std::unique_ptr<Maildrops> maildrops_;
  std::unique_ptr<MsaServer> msa_;
  std::unique_ptr<PopServer> pop_;
};

const std::string& option(const SideValues& options, std::string_view name) {
  return options.find(name)->second;
}

MsaConfig::Tls msa_tls(const std::string& word) {
  if (word == "none") return MsaConfig::Tls::none;
  return word == "implicit" ? MsaConfig::Tls::implicit : MsaConfig::Tls::starttls;
}

PopConfig::Tls pop_tls(const std::string& word) {
  if (word == "none") return PopConfig::Tls::none;
  return word == "stls" ? PopConfig::Tls::stls : PopConfig::Tls::implicit;
}

Result<Event> DigipoortSide::start(const Frame& frame, const SideValues& options) {
  auto accounts = Accounts::read(option(options, "accounts"));
  if (!accounts) return accounts.error();
  accounts_ = std::move(accounts).value();
  SubmissionSettings settings;
  const auto answer_after = parse_duration(option(options, "answer-after"));
  if (!answer_after) return answer_after.error().in("--answer-after");
  settings.answer_after = *answer_after;
  if (const std::string& user = option(options, "shared-mailbox"); !user.empty()) {
    const Account* account = accounts_.find(user);
    if (account == nullptr) return Error{"sandbox.accounts", "--shared-mailbox: there is no user " + user};
    settings.shared_mailbox = account->mailbox;
  }
  auto maildrops = Maildrops::open(frame.state, accounts_.mailboxes(), frame.ids);
  if (!maildrops) return maildrops.error();
  maildrops_ = std::move(maildrops).value();
  auto submissions = Submissions::open(frame, settings);
  if (!submissions) return submissions.error();
  submissions_ = std::move(submissions).value();
  if (const Status opened = open_servers(frame, options); !opened) return opened.error();
  return Event{{"side", "digipoort"}, {"msa", msa_->address().text()}, {"pop3", pop_->address().text()}};
}

Status DigipoortSide::open_servers(const Frame& frame, const SideValues& options) {
  const auto msa_address = net::Address::parse(option(options, "msa"));
  if (!msa_address) return msa_address.error().in("--msa");
  const auto pop_address = net::Address::parse(option(options, "pop3"));
  if (!pop_address) return pop_address.error().in("--pop3");
  // What a crash left unanswered goes first, so that no new session can come between.
  submissions_->start(*maildrops_);
  auto msa = MsaServer::open(
      {frame.loops, frame.pool, frame.clock, frame.random, accounts_, frame.misbehaviour, *submissions_},
      {.tls = msa_tls(option(options, "msa-tls")), .context = frame.tls}, *msa_address, frame.log);
  if (!msa) return msa.error();
  msa_ = std::move(msa).value();
  auto pop =
      PopServer::open({frame.loops, frame.pool, frame.clock, frame.random, accounts_, frame.misbehaviour, *maildrops_,
                       submissions_->ledger()},
                      {.tls = pop_tls(option(options, "pop3-tls")), .context = frame.tls}, *pop_address, frame.log);
  if (!pop) {
    msa_->stop();
    return pop.error();
  }
  pop_ = std::move(pop).value();
  return {};
}

std::vector<MisbehaviourPoint> points() {
  std::vector<MisbehaviourPoint> all = msa_points();
  all.insert(all.end(), pop_points().begin(), pop_points().end());
  all.push_back({.name = "answer:refuse", .bare = true, .sentence = "CONTRL with action 4, XML with a refusal"});
  all.push_back({.name = "answer:none", .bare = true, .sentence = "no answer, ever"});
  all.push_back({.name = "answer:early", .bare = true, .sentence = "the answers wait before the 250 is sent"});
  return all;
}

std::unique_ptr<Side> make() {
  return std::make_unique<DigipoortSide>();
}

const bool registered =
    register_side({"digipoort",
                   "Digipoort: takes mail by SMTP-MSA, answers by POP3",
                   {{"msa", "Address of the submission server", "127.0.0.1:0"},
                    {"pop3", "Address of the POP3 server", "127.0.0.1:0"},
                    {"msa-tls", "TLS of the submission server", "starttls", {"starttls", "implicit", "none"}},
                    {"pop3-tls", "TLS of the POP3 server", "implicit", {"implicit", "stls", "none"}},
                    {"accounts", "File of lines \"user password mailbox\", mode 0600", "", {}, true},
                    {"answer-after", "Time from the submission to the answer that is no CONTRL", "200ms"},
                    {"shared-mailbox", "User whose mailbox gets all answers; without it, the sender's own"}},
                   points(),
                   make});

}  // namespace
}  // namespace sluis::sandbox::digipoort
