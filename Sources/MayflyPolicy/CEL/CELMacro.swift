/// The macros that go through a list, or through the keys of a map.
enum CELMacro: String, CaseIterable {
    case all
    case exists
    case existsOne = "exists_one"
    case filter
    case map
}
