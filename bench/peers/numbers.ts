/** The numbers that the publisher counted (`n`), in a payload or in whatever JSON a peer made of several. */
export const numbersIn = (text: string): number[] => [...text.matchAll(/"n":\s*(\d+)/g)].map(([, n]) => Number(n));
