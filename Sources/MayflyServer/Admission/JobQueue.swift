/// First in, first out, in constant time; what has left is let go of at once.
struct JobQueue<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }

    /// The one that has waited longest.
    var first: Element? { items.indices.contains(head) ? items[head] : nil }

    mutating func append(_ element: Element) {
        items.append(element)
    }

    mutating func removeFirst() -> Element? {
        guard items.indices.contains(head) else { return nil }
        let element = items[head].take()
        head += 1
        // The emptied front is cut off when it is the larger part, so each element moves once on average.
        if head == items.count {
            items.removeAll(keepingCapacity: items.capacity <= 4096)
            head = 0
        } else if head >= 64, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return element
    }
}
