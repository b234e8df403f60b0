// A configuration directory of a test's own: a good one, in which the test breaks what it is about.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "tests/config/corpus.h"
#include "tests/config/test_adapter.h"
#include "tests/temporary_folder.h"

namespace sluis::config::tests {

inline constexpr std::string_view canary = "canary-7f3a";  // the value of every secret; no error may hold it

inline constexpr std::string_view good_flows = R"(flows:
  - { flow: douane/uitvoer, authority: Douane, recognise: [{ edifact.unh.type: CUSDEC }], duplicate: accept }
  - { flow: nvwa/elogboek, authority: NVWA, recognise: [{ xml.root: { matches: "^FLUX" } }] }
)";

class Tree {
 public:
  Tree() {
    folder_.make("channels");
    folder_.make("customers");
    folder_.make("secrets");
    write("gateway.yaml", "gateway: { name: broker-1, data: /var/lib/sluis }\n");
    write("channels/authority.yaml",
          "channel: authority\nadapter: authority\nenvironment: production\nsubmit:\n  host: msa.example\n");
    write("channels/drop.yaml", "channel: drop\nadapter: drop\nenvironment: production\n");
    write("customers/acme.yaml", customer("acme", "8712345678906"));
    write("routes.yaml",
          "routes:\n"
          "  - route: exports\n    when: { from: drop, flow: douane/uitvoer }\n    send: { to: authority, recipient: "
          "uitvoer@douane.example }\n"
          "  - route: answers\n    when: { from: authority }\n    send: { to: customer }\n");
    secret("secrets/acme", std::string(canary) + "\n");
  }

  static std::string customer(const std::string& id, const std::string& edi) {
    return "customer: " + id + "\nname: " + id + " B.V.\nidentifiers: { edi: \"" + edi +
           "\" }\naccounts:\n  authority: { username: " + id + ", password: \"${file:secrets/acme}\", mailbox: " + id +
           "@mail.example }\n  drop: { pickup: /srv/" + id + "/out, deliver: /srv/" + id + "/in }\nreturn: [drop]\n";
  }

  void write(std::string_view file, std::string_view text) const { folder_.write(file, text); }
  void remove(std::string_view file) const { std::filesystem::remove(folder_.path(file)); }
  void secret(std::string_view file, std::string_view text, mode_t mode = 0600) const {
    folder_.write(file, text);
    ASSERT_EQ(::chmod(folder_.path(file).c_str(), mode), 0);
  }

  [[nodiscard]] Loaded load(GenerationPtr previous = nullptr) const {
    LoadOptions options;
    options.number = previous == nullptr ? 1 : previous->number + 1;
    options.previous = std::move(previous);
    options.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto at = variables.find(name);
      return at == variables.end() ? std::nullopt : std::optional(at->second);
    };
    options.catalogue = good_flows;
    Loaded loaded = config::load(folder_.path(), test_registry(), options);
    keep_for_schemas(folder_.path(), loaded);
    return loaded;
  }
  // The errors as an operator reads them.
  [[nodiscard]] std::vector<std::string> errors() const {
    std::vector<std::string> out;
    const Loaded loaded = load();
    EXPECT_EQ(loaded.generation == nullptr, !loaded.errors.empty());
    for (const auto& error : loaded.errors) {
      out.push_back(error.text());
      EXPECT_EQ(out.back().find(canary), std::string::npos) << out.back();
    }
    return out;
  }
  [[nodiscard]] std::string path(std::string_view below) const { return folder_.path(below); }

  std::map<std::string, std::string> variables;

 private:
  sluis::tests::TemporaryFolder folder_;
};

using Lines = std::vector<std::string>;

}  // namespace sluis::config::tests
