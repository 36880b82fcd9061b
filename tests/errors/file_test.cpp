// SPDX-License-Identifier: Apache-2.0
// Files that are no documents, given to the program.
#include <unistd.h>

#include "base/source_file.hpp"
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadFile {
  std::string arguments;
  std::string expected;
};

void check_all(const TemporaryFolder& folder, const std::vector<BadFile>& cases) {
  for (const BadFile& each : cases) {
    DYNAMIC_SECTION("einloom " << each.arguments) {
      const Outcome outcome = einloom_in(folder, each.arguments);
      CHECK(outcome.err == each.expected);
      CHECK(outcome.out.empty());
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("files that are no documents") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("empty.yaml", "");
  folder.write("blank.yaml", " \n\n");
  folder.write("comment.yaml", "# nothing else\n");
  folder.write("binary.yaml", std::string("spec: x\n\x7f"
                                          "ELF\0\1",
                                          14));
  folder.write("latin1.yaml", "spec: caf\xe9\n");
  folder.write("huge.yaml", "spec: x\n");
  std::filesystem::resize_file(folder.path() / "huge.yaml", 100 << 20);  // sparse: takes no room
  std::filesystem::create_directory(folder.path() / "folder.yaml");
  folder.write("text.yaml", "just words\n");
  folder.write("unclosed.yaml", "spec: {a: 1\n");
  check_all(
      folder,
      {
          {"run empty.yaml", R"(empty.yaml: error[file-empty]: the file is empty; a document is expected here
command line:1:13: note: asked for here
)"},
          {"run blank.yaml", R"(blank.yaml: error[file-empty]: the file is empty; a document is expected here
command line:1:13: note: asked for here
)"},
          {"run comment.yaml",
           R"(comment.yaml: error[yaml-empty]: no value but comments and blanks; a document is expected here
command line:1:13: note: asked for here
)"},
          {"run binary.yaml",
           R"(binary.yaml: error[file-binary]: line 2 holds the byte 0x00, which is not UTF-8 text; documents are UTF-8
command line:1:13: note: asked for here
)"},
          {"run latin1.yaml",
           R"(latin1.yaml: error[file-binary]: line 1 holds the byte 0xe9, which is not UTF-8 text; documents are UTF-8
command line:1:13: note: asked for here
)"},
          {"run huge.yaml", R"(huge.yaml: error[file-too-large]: the file has 100.0 MiB; a document has at most 16.0 MiB
command line:1:13: note: asked for here
)"},
          {"describe huge.yaml",
           R"(huge.yaml: error[file-too-large]: the file has 100.0 MiB; a document has at most 16.0 MiB
)"},
          {"run folder.yaml", R"(folder.yaml: error[file-is-directory]: this is a directory; a file is expected here
command line:1:13: note: asked for here
)"},
          {"run speck.yaml", R"(speck.yaml: error[file-missing]: no such file
command line:1:13: note: asked for here
help: did you mean `spec.yaml`?
)"},
          {"run no/such/spec.yaml", R"(no/such/spec.yaml: error[file-missing]: no such file
command line:1:13: note: asked for here
)"},
          {"run spec.yaml/spec.yaml", R"(spec.yaml/spec.yaml: error[file-missing]: no such file
command line:1:13: note: asked for here
)"},
          {"describe /dev/null",
           R"(/dev/null: error[file-unreadable]: this is a device, pipe or socket; only regular files are read
)"},
          {"run text.yaml", R"(text.yaml:1:1: error[yaml-type]: spec must be a map; found `just words`
 1 | just words
   | ^^^^^^^^^^
)"},
          {"describe text.yaml",
           R"(text.yaml:1:1: error[document-kind]: the document's first key is none that Einloom knows; it says what the document is
 1 | just words
   | ^^^^^^^^^^
help: start with `cascade:`, `dram_timing:`, `machine:`, `model:`, `plan:`, `spec:` or `technology:`
)"},
          {"run unclosed.yaml", R"(unclosed.yaml:2:1: error[yaml-syntax]: not valid YAML: end of map flow not found
 2 |
   | ^
unclosed.yaml:1:7: note: opened here
)"},
          {"run fusemax_quickstrat",
           R"(command line:1:13: error[unknown-document]: there is no spec named `fusemax_quickstrat`; names are files of ROOT/experiments/specs and paths end in .yaml
 1 | einloom run fusemax_quickstrat
   |             ^^^^^^^^^^^^^^^^^^
help: did you mean `fusemax_quickstart`?
)"},
          {"check attention_4pass",
           R"(command line:1:15: error[unknown-document]: there is no cascade named `attention_4pass`; names are files of ROOT/einsum/cascades and paths end in .yaml
 1 | einloom check attention_4pass
   |               ^^^^^^^^^^^^^^^
help: did you mean `attention_1pass`?
)"},
      });
}

TEST_CASE("files that a document names") {
  const TemporaryFolder folder;
  write_documents(folder);
  const auto check_spec = [&](const std::string& spec, const std::string& expected) {
    folder.write("spec.yaml", spec);
    const Outcome outcome = einloom_in(folder, "run spec.yaml");
    CHECK(outcome.err == expected);
    CHECK(outcome.exit_code == 1);
  };
  check_spec(replaced(kSpec, "./plan.yaml", "./plam.yaml"), R"(plam.yaml: error[file-missing]: no such file
spec.yaml:3:66: note: asked for here
help: did you mean `plan.yaml`?
)");
  check_spec(replaced(kSpec, "./plan.yaml", "./"),
             R"(.: error[file-is-directory]: this is a directory; a file is expected here
spec.yaml:3:66: note: asked for here
)");
  check_spec(
      replaced(kSpec, "./machine.yaml", "fusemx"),
      R"(spec.yaml:3:44: error[unknown-document]: there is no machine named `fusemx`; names are files of ROOT/arch/machines and paths end in .yaml
 3 |   only: {cascade: ./cascade.yaml, machine: fusemx, plan: ./plan.yaml}
   |                                            ^^^^^^
help: did you mean `fusemax`?
)");
  folder.write("plan.yaml", "");
  check_spec(kSpec, R"(plan.yaml: error[file-empty]: the file is empty; a document is expected here
spec.yaml:3:66: note: asked for here
)");
}

TEST_CASE("links in a circle and endless names") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("loop.yaml", folder.path() / "loop.yaml");
  CHECK(einloom_in(folder, "describe loop.yaml").err ==
        "loop.yaml: error[file-unreadable]: the file cannot be examined: Too many levels of symbolic links\n");
  const std::string name = std::string(300, 'x') + ".yaml";
  CHECK(einloom_in(folder, "describe " + name).err ==
        name + ": error[file-unreadable]: the file cannot be examined: File name too long\n");
}

// As an ordinary user for this one moment when the tests run as root, who may read everything.
class OrdinaryUser {
 public:
  OrdinaryUser() : before_(geteuid()) {
    if (before_ == 0) ensure(seteuid(65534) == 0, "root can become nobody");
  }
  ~OrdinaryUser() {
    if (before_ == 0 && seteuid(before_) != 0) std::abort();
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  uid_t before_;
};

TEST_CASE("a folder and a file that must not be read") {
  using std::filesystem::perms;
  const TemporaryFolder folder;
  folder.write("closed/spec.yaml", kSpec);
  folder.write("closed.yaml", kSpec);
  const auto told_about = [&](const std::string& name) {
    const OrdinaryUser user;
    const std::string text = told([&] { static_cast<void>(read_source(folder.path() / name)); });
    return with_placeholder(text, folder.path().string(), "HERE");
  };
  std::filesystem::permissions(folder.path(), perms::all);
  std::filesystem::permissions(folder.path() / "closed.yaml", perms::none);
  std::filesystem::permissions(folder.path() / "closed", perms::none);
  CHECK(told_about("closed.yaml") ==
        "HERE/closed.yaml: error[file-unreadable]: the file cannot be opened: Permission denied\n");
  CHECK(told_about("closed/spec.yaml") ==
        "HERE/closed/spec.yaml: error[file-unreadable]: the file cannot be examined: Permission denied\n");
  std::filesystem::permissions(folder.path() / "closed", perms::owner_all);
}

}  // namespace
}  // namespace einloom::test
