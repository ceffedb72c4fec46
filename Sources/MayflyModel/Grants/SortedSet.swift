/// A small set as a sorted array without duplicates, so that equal sets are written the same way.
package struct SortedSet<Element: Hashable & Comparable & Sendable>: Hashable, Sendable {
    /// In ascending order, each element once.
    package let elements: [Element]

    /// Sorts, and collapses equal elements.
    package init(_ elements: some Sequence<Element>) {
        var unique: [Element] = []
        for element in elements.sorted() where unique.last != element { unique.append(element) }
        self.elements = unique
    }

    private init(sortedUnique elements: [Element]) {
        self.elements = elements
    }

    package var isEmpty: Bool { elements.isEmpty }
    package var count: Int { elements.count }

    package func contains(_ element: Element) -> Bool {
        elements.contains(element)
    }

    /// Whether every element is in `other` too; one pass over both.
    package func isSubset(of other: SortedSet) -> Bool {
        guard count < other.count else { return elements == other.elements }
        var rest = other.elements[...]
        for element in elements {
            guard let position = rest.firstIndex(where: { $0 >= element }), rest[position] == element else {
                return false
            }
            rest = rest[(position + 1)...]
        }
        return true
    }

    package func intersection(_ other: SortedSet) -> SortedSet {
        SortedSet(sortedUnique: elements.filter(other.contains))
    }

    package func union(_ other: SortedSet) -> SortedSet {
        SortedSet(elements + other.elements)
    }

    package func subtracting(_ other: SortedSet) -> SortedSet {
        SortedSet(sortedUnique: elements.filter { !other.contains($0) })
    }
}
